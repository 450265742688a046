#include "comfyui/prompt_progress.h"

#include <algorithm>

namespace darkroom::comfyui {
namespace {

constexpr double told_steps_max = 1e6;  // more is no count of steps
constexpr std::size_t node_name_bytes_max = 200;

std::optional<ports::StepProgress> steps_of(const SocketEvent& event) {
    const bool is_count = event.max >= 1 && event.max <= told_steps_max && event.value >= 0;
    if (!is_count) return std::nullopt;
    return ports::StepProgress{static_cast<std::int64_t>(std::min(event.value, event.max)),
                               static_cast<std::int64_t>(event.max)};
}

}  // namespace

void PromptProgress::follow(const AttemptId& attempt, std::size_t nodes) {
    const auto now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        const auto [entry, is_new] = prompts_.try_emplace(prompt_of(attempt));
        entry->second.asked_about = now;
        if (nodes > 0) entry->second.nodes = nodes;
        if (!is_new) return;
        if (prompts_.size() > prompts_max) prompts_.erase(entry);
    }
    opened_->set();
}

void PromptProgress::forget(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    prompts_.erase(prompt_of(attempt));
}

bool PromptProgress::has_open() {
    const auto now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    drop_old(now);
    return !prompts_.empty();
}

void PromptProgress::drop_old(Instant now) {
    std::erase_if(prompts_,
                  [&](const auto& entry) { return now - entry.second.asked_about > forgotten_after; });
}

void PromptProgress::take(const SocketEvent& event) {
    if (!event.prompt || event.node.size() > node_name_bytes_max) return;
    const std::lock_guard lock(mutex_);
    const auto found = prompts_.find(*event.prompt);
    if (found == prompts_.end()) return;
    auto& prompt = found->second;
    if (event.kind == SocketEventKind::node_begins && event.node != prompt.node) {
        prompt.node = event.node;
        ++prompt.begun;
    }
    if (event.kind != SocketEventKind::progress) return;
    if (const auto steps = steps_of(event)) prompt.steps = steps;
}

std::optional<ports::StepProgress> PromptProgress::progress_of(const AttemptId& attempt) const {
    const std::lock_guard lock(mutex_);
    const auto found = prompts_.find(prompt_of(attempt));
    if (found == prompts_.end()) return std::nullopt;
    const auto& prompt = found->second;
    if (prompt.steps) return prompt.steps;
    if (prompt.nodes == 0 || prompt.begun == 0) return std::nullopt;
    const auto done = std::min(prompt.begun, prompt.nodes) - 1;
    return ports::StepProgress{static_cast<std::int64_t>(done), static_cast<std::int64_t>(prompt.nodes)};
}

}  // namespace darkroom::comfyui
