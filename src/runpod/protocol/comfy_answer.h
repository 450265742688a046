// What workers that run ComfyUI workflows and are not Darkroom's answer, in any of their shapes; which one it
// is shows in the answer, whatever was sent. Pictures travel in it, or it says where they are: nothing of
// that is believed here. Pure.
//
//   {"prompt_id":"…","files":["/workspace/outputs/…"],"file_count":1}                 workflow_api
//   {"images":[{"filename","type":"base64"|"s3_url","data"}],"errors":["…"]}          worker-comfyui, 5 and
//   later
//   {"images":["<base64>"]}                                                           likewise, others
//   {"status":"success_no_images","images":[]}
//   {"status":"success","message":"<base64 or URL>"}                                  before 5
//   {"status":"error","message":"…"}   {"error":"…","details":[…]}                    nothing was made
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

inline constexpr std::size_t comfy_answer_bytes_max = std::size_t{32} << 20;
inline constexpr std::size_t comfy_pictures_max = 64;

struct ComfyPicture {
    enum class In { file, link, text };
    In in = In::file;
    std::string name;   // as its worker calls the file; may be empty
    std::string place;  // a path in the worker, a URL, or strict base64
};

struct ComfyAnswer {
    std::string prompt_id;  // ComfyUI's; not RunPod's
    std::vector<ComfyPicture> pictures;
    std::vector<std::string> warnings;  // its `errors` beside pictures
    std::string error;                  // set: the work failed, by its own words
};

/// nullopt: the answer is of none of these shapes. An error: it is, and cannot be right.
Result<std::optional<ComfyAnswer>, ProtocolError> parse_comfy_answer(std::string_view json);

/// What workers call base64: padded or not, with or without line ends, perhaps behind
/// "data:image/png;base64,". Made strict; nullopt if it is none.
std::optional<std::string> strict_base64(std::string_view text);

}  // namespace darkroom::runpod
