// What an attempt has left in a storage, although nobody told of it: a worker that lost its endpoint, a
// result that RunPod forgot or found too large.
#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "base/ids.h"
#include "ports/object_store.h"
#include "ports/remote_backend.h"

namespace darkroom::runpod {

/// What workers are given places for, and what is looked for.
inline constexpr std::array<std::string_view, 3> output_roles{"main", "mask", "preview"};
inline constexpr std::array<std::string_view, 3> output_extensions{"png", "jpg", "webp"};

/// By the worker's own note where it wrote one (it is written last, so all of it is there), else by the names
/// that outputs can have; nullopt without a main one.
ports::ObjectResult<std::optional<ports::RemoteResult>> left_outputs(ports::ObjectStore& store,
                                                                     const JobId& job,
                                                                     const AttemptId& attempt);

}  // namespace darkroom::runpod
