// How far a job is, told to the platform: in order, at most once a second for each job, by a thread of its
// own so that the work never waits for it, and never after the job's end: a late report would turn a finished
// job back into a running one (runpod-python issue 250).
#pragma once
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class ProgressPosts {
public:
    ProgressPosts(const WorkerSettings& settings, const WorkerLimits& limits, const WorkerUrls& urls,
                  ports::HttpClient& http, const ports::Clock& clock)
        : settings_(settings),
          limits_(limits),
          urls_(urls),
          http_(http),
          clock_(clock),
          wake_up_(clock.make_wake_up()) {}

    /// The thread's work: returns when stopped.
    void run();
    void stop();

    /// Returns at once; what was not sent yet is replaced by what is newer. Any thread.
    void tell(const RemoteJobId& job, std::string_view stage);
    /// Returns when no report of this job is on its way; what is unsent is dropped. Twice is safe.
    void end(const RemoteJobId& job);

private:
    struct Entry {
        std::optional<std::string> unsent;
        Instant not_before{};
        bool on_its_way = false;
    };
    struct Due {
        RemoteJobId job;
        std::string body;
    };

    std::optional<Due> take_due(Instant& next);
    void post(const Due& due);

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    const WorkerUrls& urls_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<RemoteJobId, Entry> jobs_;
    bool stopped_ = false;
};

}  // namespace darkroom::runpod::worker
