// Who wants to know when a job changes: held answers and event streams. Told by the store after each commit.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/ids.h"
#include "ports/http_message.h"

namespace darkroom::api {

class JobWatch {
public:
    /// `wake` is called from store threads until the Subscription is gone; it must be quick.
    std::unique_ptr<ports::Subscription> subscribe(const JobId& job, std::function<void()> wake);
    void job_changed(const JobId& job);
    /// Changes may have gone unheard: whoever watches any job looks at it.
    void look_again();

private:
    class Entry;

    std::mutex mutex_;
    std::unordered_multimap<JobId, std::shared_ptr<std::function<void()>>> watchers_;
};

}  // namespace darkroom::api
