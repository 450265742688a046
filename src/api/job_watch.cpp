#include "api/job_watch.h"

namespace darkroom::api {

class JobWatch::Entry : public ports::Subscription {
public:
    Entry(JobWatch& watch, const JobId& job, std::shared_ptr<std::function<void()>> wake)
        : watch_(watch), job_(job), wake_(std::move(wake)) {}
    ~Entry() override {
        const std::lock_guard lock(watch_.mutex_);
        const auto [first, last] = watch_.watchers_.equal_range(job_);
        for (auto it = first; it != last; ++it) {
            if (it->second == wake_) {
                watch_.watchers_.erase(it);
                return;
            }
        }
    }

private:
    JobWatch& watch_;
    JobId job_;
    std::shared_ptr<std::function<void()>> wake_;
};

std::unique_ptr<ports::Subscription> JobWatch::subscribe(const JobId& job, std::function<void()> wake) {
    auto shared = std::make_shared<std::function<void()>>(std::move(wake));
    auto entry = std::make_unique<Entry>(*this, job, shared);
    const std::lock_guard lock(mutex_);
    watchers_.emplace(job, std::move(shared));
    return entry;
}

void JobWatch::job_changed(const JobId& job) {
    // Called under the lock, so that a Subscription that is gone is never woken; wake is quick by contract.
    const std::lock_guard lock(mutex_);
    const auto [first, last] = watchers_.equal_range(job);
    for (auto it = first; it != last; ++it) (*it->second)();
}

void JobWatch::look_again() {
    const std::lock_guard lock(mutex_);
    for (const auto& [job, wake] : watchers_) (*wake)();
}

}  // namespace darkroom::api
