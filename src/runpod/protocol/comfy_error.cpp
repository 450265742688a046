#include "runpod/protocol/comfy_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace darkroom::runpod {
namespace {

using core::ErrorCode;

constexpr std::size_t searched_bytes_max = 64u << 10;

struct Sign {
    std::string_view fragment;  // lower case
    ErrorCode code;
};

// In this order: out of memory is a "CUDA error" too, and a file that is missing makes validation fail.
constexpr std::array signs = {
    Sign{"out of memory", ErrorCode::worker_oom},
    Sign{"outofmemory", ErrorCode::worker_oom},
    Sign{"allocation on device", ErrorCode::worker_oom},
    Sign{"no space left on device", ErrorCode::storage_full},
    Sign{"cuda error", ErrorCode::worker_crashed},
    Sign{"illegal memory access", ErrorCode::worker_crashed},
    Sign{"device-side assert", ErrorCode::worker_crashed},
    Sign{"cannot identify image", ErrorCode::input_unreadable},
    Sign{"unidentifiedimageerror", ErrorCode::input_unreadable},
    // The copy of the input was not where LoadImage looks: another place may have it.
    Sign{"invalid image file", ErrorCode::backend_unavailable},
    Sign{"failed to upload one or more input images", ErrorCode::backend_unavailable},
    Sign{"missing_node_type", ErrorCode::model_unavailable},
    Sign{"node type not found", ErrorCode::model_unavailable},
    Sign{"cannot execute because node", ErrorCode::model_unavailable},
    Sign{"not in list", ErrorCode::model_unavailable},
    Sign{"value_not_in_list", ErrorCode::model_unavailable},
    Sign{"not available on this", ErrorCode::model_unavailable},
    Sign{"no such file", ErrorCode::model_unavailable},
    Sign{"workflow validation failed", ErrorCode::workflow_rejected},
    Sign{"prompt_outputs_failed_validation", ErrorCode::workflow_rejected},
    Sign{"prompt_no_outputs", ErrorCode::workflow_rejected},
    Sign{"invalid prompt", ErrorCode::workflow_rejected},
    Sign{"missing 'workflow' parameter", ErrorCode::workflow_rejected},
    Sign{"missing workflow", ErrorCode::workflow_rejected},
};

}  // namespace

std::optional<ErrorCode> comfy_error_code(std::string_view words) {
    std::string lower(words.substr(0, searched_bytes_max));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    for (const auto& sign : signs) {
        if (lower.find(sign.fragment) != std::string::npos) return sign.code;
    }
    return std::nullopt;
}

}  // namespace darkroom::runpod
