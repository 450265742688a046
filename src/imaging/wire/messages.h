// What the gateway asks of a pixel process and what it hears back, as JSON of one packet each.
//
//   request  {"operation","params","limits"}   with descriptors: input, main, mask, thumbnail
//   answer
//   {"outputs":[{"role","content_type","width","height","has_alpha"}],"noop","measures","warnings","timing_ms"}
//         or {"error":{"code","message"}}
//
// The pixel process has read hostile bytes, so its answers are read as strictly as a stranger's: see
// parse_answer.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/error_code.h"
#include "core/image_header_limits.h"

namespace darkroom::imaging {

/// Position of each descriptor in a request's packet.
enum RequestFile : std::size_t { input_file, main_file, mask_file, thumbnail_file, request_file_count };

/// No job type, so nobody can order it: takes a finished picture that comes from elsewhere, decodes it as a
/// whole, and gives it back without metadata, in the same format and with the same pixels, beside a
/// thumbnail. Params: {"thumbnail": true}. What is wrong with the picture is output_invalid.
inline constexpr std::string_view keep_picture_operation = "keep_picture";

struct PictureRequest {
    std::string operation;       // a job type, as bg_remove, or keep_picture_operation
    boost::json::object params;  // params_effective
    core::ImageLimits limits;
};

struct PictureOutput {
    std::string role;  // main, mask, thumbnail
    std::string content_type;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    bool has_alpha = false;
};

struct PictureTiming {
    Milliseconds decode{0};
    Milliseconds op{0};
    Milliseconds encode{0};
};

struct PictureDone {
    std::vector<PictureOutput> outputs;  // main first
    bool noop = false;                   // the input already was what was asked
    boost::json::object measures;
    boost::json::array warnings;  // [{"code","detail"}]
    PictureTiming timing;
};

using PictureAnswer = Result<PictureDone, core::JobError>;

/// How a pixel process ends by its own will, apart from 0.
enum PixelProcessExit { exit_not_locked_down = 70, exit_bad_message = 71, exit_out_of_memory = 72 };

/// Said once by a pixel process that has locked itself down and waits for work.
inline constexpr std::string_view ready_message = "ready";

std::string write_request(const PictureRequest& request);
/// nullopt if it is not a request: a bug on the other side.
std::optional<PictureRequest> parse_request(std::string_view text);

std::string write_answer(const PictureAnswer& answer);
/// nullopt if the text is not an answer that an honest pixel process can give: unknown fields of outputs,
/// roles twice, sizes beyond any limit, unknown codes.
std::optional<PictureAnswer> parse_answer(std::string_view text);

}  // namespace darkroom::imaging
