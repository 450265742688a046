// What the gateway asks of a pixel process and what it hears back, as JSON of one packet each.
//
//   request  {"operation","params","limits","parts":[name],"extras"}
//            with descriptors: input, main, mask, thumbnail, preview, report, then one for each part
//   answer
//   {"outputs":[{"role","content_type","width","height","has_alpha"}],"noop","measures","warnings","timing_ms"}
//         or {"error":{"code","message"}}
//
// Parts: mask (what object_remove shall take out), original (composite_through_region), model (an ONNX file,
// described by params._onnx, see imaging/networks/stage_plan.h).
//
// The pixel process has read hostile bytes, so its answers are read as strictly as a stranger's: see
// parse_answer.
#pragma once
#include <array>
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
enum RequestFile : std::size_t {
    input_file,
    main_file,
    mask_file,
    thumbnail_file,
    preview_file,
    report_file,
    request_file_count  // parts follow
};

inline constexpr std::string_view report_type = "application/json";
/// The member of params that says how to use part `model`: only the gateway writes it.
inline constexpr std::string_view network_param = "_onnx";
inline constexpr std::array<std::string_view, 3> part_names{"mask", "original", "model"};

/// No job type, so nobody can order it: takes a finished picture that comes from elsewhere, decodes it as a
/// whole, and gives it back without metadata, in the same format and with the same pixels, beside a
/// thumbnail and, if asked for, a preview. Params: {"thumbnail": true, "preview": false}. What is wrong with
/// the picture is output_invalid.
inline constexpr std::string_view keep_picture_operation = "keep_picture";

/// No job type either: what somebody else's object_remove made becomes a result that keeps Darkroom's
/// promise. The input is that result, part `original` the job's own picture, part `mask` its mask if it has
/// one; params are object_remove's. Within the feathered region the result is seen, everywhere else the
/// original, bit for bit. What is wrong with the result is output_invalid.
inline constexpr std::string_view composite_operation = "composite_through_region";

struct PictureRequest {
    std::string operation;       // a job type, as bg_remove, or one of the two above
    boost::json::object params;  // params_effective
    core::ImageLimits limits;
    std::vector<std::string> parts = {};  // in the order of their descriptors
    bool extras = false;  // preview and report are wanted too, where there is something to show
};

struct PictureOutput {
    std::string role;  // main, mask, thumbnail, preview, report
    std::string content_type;
    std::uint32_t width = 0;  // 0 x 0 of a report
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
