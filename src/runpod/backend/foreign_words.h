// What a worker that runs ComfyUI workflows and is not Darkroom's says of its pictures, as a result of an
// attempt: which picture is which, and where it may be looked for. Pure.
//
// Which is which: every saving node was given names that begin with its role (foreign_order.h). Pictures
// under other names are taken in their order: the first is main if none is called so, the rest is left.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "core/error_code.h"
#include "core/object_key.h"
#include "ports/remote_backend.h"
#include "runpod/protocol/comfy_answer.h"

namespace darkroom::runpod {

/// How workers see the network volume.
struct ForeignLayout {
    std::vector<std::string> mounts{"/workspace/", "/runpod-volume/"};  // what a path of theirs begins with
    std::string input_prefix;  // before the names that LoadImage is given: job_….png lies in its own folder
    std::string output_folder = "outputs";  // on the volume, where ComfyUI saves; no slash at either end
};

// RemoteFile.place begins with one of these, or is an http(s) URL.
inline constexpr std::string_view place_on_volume = "volume:";
inline constexpr std::string_view place_in_answer = "data:";

/// The key of a file that a worker names by its path. The error is a sentence for the operator.
Result<core::ObjectKey, std::string> foreign_key(std::string_view path, const JobId& job,
                                                 const ForeignLayout& layout);

/// The error is the attempt's: what the worker says went wrong, output_missing, output_invalid.
Result<ports::RemoteResult, core::JobError> foreign_result(const ComfyAnswer& answer, const JobId& job,
                                                           const AttemptId& attempt,
                                                           const ForeignLayout& layout);

/// main, mask or preview for a name that foreign_order.h made; "other" for another node's; else empty.
std::string_view role_of_name(std::string_view name, const AttemptId& attempt);
/// What a picture is by the end of its name; nullopt for other files.
std::optional<std::string_view> extension_of_name(std::string_view name);

}  // namespace darkroom::runpod
