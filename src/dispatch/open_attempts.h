// The attempts that this process has given to its backends and not heard the end of. A set with a lock,
// nothing more: the truth about attempts is in the store.
#pragma once
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "core/job.h"
#include "ports/backend.h"

namespace darkroom::dispatch {

struct OpenAttempt {
    core::Job job;  // as claimed; the open attempt is the last of job.attempts
    ports::Backend* backend = nullptr;
    NodeId holder;  // as which this node claimed it
};

class OpenAttempts {
public:
    void add(const AttemptId& attempt, OpenAttempt open) {
        const std::lock_guard lock(mutex_);
        open_.insert_or_assign(attempt, std::move(open));
    }
    std::optional<OpenAttempt> find(const AttemptId& attempt) const {
        const std::lock_guard lock(mutex_);
        const auto it = open_.find(attempt);
        if (it == open_.end()) return std::nullopt;
        return it->second;
    }
    /// Those that this process has claimed as another node than it is now.
    std::vector<std::pair<AttemptId, ports::Backend*>> held_otherwise_than(const NodeId& node) const {
        const std::lock_guard lock(mutex_);
        std::vector<std::pair<AttemptId, ports::Backend*>> found;
        for (const auto& [attempt, open] : open_) {
            if (open.holder != node) found.emplace_back(attempt, open.backend);
        }
        return found;
    }
    void remove(const AttemptId& attempt) {
        const std::lock_guard lock(mutex_);
        open_.erase(attempt);
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<AttemptId, OpenAttempt> open_;
};

}  // namespace darkroom::dispatch
