// Who runs and who waits on a ComfyUI server. /queue carries the whole graph of every prompt, other people's
// too; only ids and their places are kept, so the answer costs no memory beyond its text. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "comfyui/prompt.h"

namespace darkroom::comfyui {

struct QueuePlace {
    std::string id;     // as the server has it; old ones take any text
    double number = 0;  // smallest first
};

struct QueueList {
    std::vector<QueuePlace> running;
    std::vector<QueuePlace> pending;

    bool runs(const PromptId& id) const;
    /// How many are before it, the running ones counted; nullopt if it does not wait.
    std::optional<std::size_t> before(const PromptId& id) const;
};

inline constexpr std::size_t queue_bytes_max = 64u << 20;

Result<QueueList, std::string> read_queue(std::string_view body);

}  // namespace darkroom::comfyui
