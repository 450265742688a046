#include "request_parts.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>

#include "imaging/codec/decode.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr int grey_of_mask = 128;  // and brighter: to be removed

// The pool lets no output be larger (PoolOptions::output_bytes_max). A 16-bit PNG of 40 megapixels fits.
constexpr std::uint64_t result_bytes_max = std::uint64_t{256} << 20;

JobError of_mask(const JobError& error) { return {error.code, "The mask: " + error.message}; }

std::string words(cv::Size size) {
    return std::to_string(size.width) + " x " + std::to_string(size.height) + " pixels";
}

JobError mismatch(cv::Size mask, cv::Size picture) {
    return {ErrorCode::mask_size_mismatch,
            "The mask has " + words(mask) + ", the picture " + words(picture) + "; they must be the same."};
}

}  // namespace

JobError as_output_error(const JobError& error) {
    switch (error.code) {
        case ErrorCode::input_unreadable:
        case ErrorCode::input_unsupported_format:
        case ErrorCode::input_too_large:
        case ErrorCode::input_too_small:
        case ErrorCode::input_animated:
            return {ErrorCode::output_invalid, "The result cannot be used. " + error.message};
        default:
            return error;
    }
}

core::ImageLimits limits_of_results(core::ImageLimits limits) {
    limits.side_min = 1;
    limits.file_bytes_max = std::max(limits.file_bytes_max, result_bytes_max);
    return limits;
}

Result<cv::Mat, JobError> decode_mask(int file, const Picture& picture, const core::ImageLimits& limits) {
    const auto header = check_picture(file, limits);
    if (!header) return Fail(of_mask(header.error()));
    const cv::Size told(static_cast<int>(header->oriented_width()),
                        static_cast<int>(header->oriented_height()));
    if (told != picture.full_size) return Fail(mismatch(told, picture.full_size));
    DecodeOptions options;
    options.limits = limits;
    const auto mask = decode_picture(file, options);
    if (!mask) return Fail(of_mask(mask.error()));
    if (mask->pages > 1)
        return Fail(
            of_mask({ErrorCode::input_animated, "It holds several pictures; a mask is a single one."}));
    if (mask->pixels.size() != picture.full_size)
        return Fail(mismatch(mask->pixels.size(), picture.full_size));
    cv::Mat grey;
    const bool has_alpha = mask->pixels.channels() == 4;
    cv::cvtColor(mask->pixels, grey, has_alpha ? cv::COLOR_RGBA2GRAY : cv::COLOR_RGB2GRAY);
    cv::Mat region = grey >= grey_of_mask;
    if (region.size() == picture.pixels.size()) return region;
    cv::Mat reduced;
    cv::resize(region, reduced, picture.pixels.size(), 0, 0, cv::INTER_AREA);
    return cv::Mat(reduced > 0);
}

Result<cv::Mat, JobError> decode_foreign_result(int file, const core::ImageLimits& limits) {
    DecodeOptions options;
    options.limits = limits_of_results(limits);
    auto result = decode_picture(file, options);
    if (!result) return Fail(as_output_error(result.error()));
    if (result->pages > 1) {
        return Fail(JobError{ErrorCode::output_invalid,
                             "The result cannot be used. It is animated or holds several pictures; a result "
                             "is a single one."});
    }
    return result->pixels;
}

}  // namespace darkroom::imaging
