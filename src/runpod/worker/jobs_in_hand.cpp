#include "runpod/worker/jobs_in_hand.h"

#include <algorithm>
#include <limits>

namespace darkroom::runpod::worker {

JobsInHand::JobsInHand(int concurrency, int jobs_max, const ports::Clock& clock, WorkTools tools)
    : concurrency_(concurrency),
      jobs_max_(jobs_max > 0 ? jobs_max : std::numeric_limits<int>::max()),
      clock_(clock),
      tools_(tools),
      emptied_(clock.make_wake_up()) {}

int JobsInHand::room() const {
    return std::min(concurrency_ - static_cast<int>(jobs_.size()), jobs_max_ - taken_);
}

int JobsInHand::wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || taken_ >= jobs_max_ || room() > 0; });
    return closed_ ? 0 : std::max(room(), 0);
}

bool JobsInHand::add(TakenJob job) {
    const RemoteJobId id = job.id;
    auto in_hand = std::make_shared<JobInHand>(std::move(job), clock_, tools_);
    {
        const std::lock_guard lock(mutex_);
        if (!jobs_.emplace(id, in_hand).second) return false;
        if (taken_ < jobs_max_) ++taken_;
        waiting_.push_back(std::move(in_hand));
    }
    changed_.notify_all();
    return true;
}

std::shared_ptr<JobInHand> JobsInHand::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
}

void JobsInHand::ended(const RemoteJobId& id) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.erase(id);
    }
    changed_.notify_all();
    emptied_->set();
}

std::vector<RemoteJobId> JobsInHand::ids() const {
    const std::lock_guard lock(mutex_);
    std::vector<RemoteJobId> ids;
    for (const auto& [id, job] : jobs_) ids.push_back(id);
    return ids;
}

bool JobsInHand::stop(const RemoteJobId& id) {
    std::shared_ptr<JobInHand> job;
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = jobs_.find(id); found != jobs_.end()) job = found->second;
    }
    if (job) job->stop();
    return job != nullptr;
}

bool JobsInHand::is_last() {
    const std::lock_guard lock(mutex_);
    return ++ends_ == jobs_max_;
}

void JobsInHand::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_all();
    emptied_->set();
}

void JobsInHand::stop_all() {
    std::vector<std::shared_ptr<JobInHand>> jobs;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, job] : jobs_) jobs.push_back(job);
    }
    for (const auto& job : jobs) job->stop();
}

bool JobsInHand::wait_until_empty(Instant deadline) {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (jobs_.empty()) return true;
        }
        if (!emptied_->wait_until(deadline)) return ids().empty();
    }
}

}  // namespace darkroom::runpod::worker
