// The keys that all job types share, read from params_effective, and what follows from them for the files
// that are written.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string_view>

#include "imaging/codec/encode.h"
#include "imaging/codec/picture.h"

namespace darkroom::imaging {

struct SharedParams {
    std::string_view output_format;  // auto, png, webp, jpeg, tiff
    int quality = 92;
    std::uint64_t output_pixels_max = 24'000'000;
    std::uint32_t output_side_max = UINT32_MAX;  // smaller for previews
    std::string_view metadata;                   // strip, keep_icc, keep_all
    int png_compression = 3;
    bool png_palette = false;
};

/// `params` must outlive the result. Missing keys mean their defaults.
SharedParams read_shared_params(const boost::json::object& params);

EncodeOptions plan_encoding(const SharedParams& shared, const Picture& input, bool result_has_alpha);

}  // namespace darkroom::imaging
