#include "dispatch/refusal_memory.h"

#include <algorithm>

namespace darkroom::dispatch {
namespace {

constexpr Milliseconds shortest_pause{1'000};
constexpr int doublings_max = 6;
// Beyond, counting begins anew: jobs that were refused and then cancelled are never forgotten singly.
constexpr std::size_t jobs_max = 10'000;

}  // namespace

Milliseconds RefusalMemory::pause_after(const JobId& job, Milliseconds asked) {
    const std::lock_guard lock(mutex_);
    if (refusals_.size() > jobs_max) refusals_.clear();
    const int before = refusals_[job]++;
    return std::max(asked, shortest_pause * (1 << std::min(before, doublings_max)));
}

bool RefusalMemory::is_news(const std::string& target, ports::RefusalRule rule) {
    const std::lock_guard lock(mutex_);
    const auto [known, is_new] = told_.insert({target, rule});
    if (!is_new && known->second == rule) return false;
    known->second = rule;
    return true;
}

void RefusalMemory::forget(const JobId& job, const std::string& target) {
    const std::lock_guard lock(mutex_);
    refusals_.erase(job);
    told_.erase(target);
}

}  // namespace darkroom::dispatch
