// Why a worker that runs ComfyUI workflows failed, from its words: torch's, ComfyUI's, or its handler's. They
// are free text and change with every version, so short fragments are looked for. Pure.
#pragma once
#include <optional>
#include <string_view>

#include "core/error_code.h"

namespace darkroom::runpod {

/// nullopt: the words say nothing that a code could be given for.
std::optional<core::ErrorCode> comfy_error_code(std::string_view words);

}  // namespace darkroom::runpod
