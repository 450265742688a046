// A RunPod worker: takes jobs from an endpoint, works on them, reports their ends. It owns no thread: whoever
// runs it gives each of its loops one, and joins them in the order that stop() begins.
//
//   take_jobs ─→ jobs in hand ─→ work_on_jobs (one thread for each job at a time) ─→ job-done
//                     ↑    ↑                        ├─→ post_progress
//   listen_for_stops ─┘    └─ beat (names them)     └─→ post_callbacks
//
// stop() takes no more jobs; those in hand are finished. abandon() interrupts them too, unreported, so that
// the platform gives them to another worker.
#pragma once
#include <memory>
#include <optional>

#include "base/result.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/picture_work.h"
#include "ports/random.h"
#include "ports/resolver.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/guarded_client.h"
#include "runpod/worker/heartbeat.h"
#include "runpod/worker/job_work.h"
#include "runpod/worker/progress_posts.h"
#include "runpod/worker/stop_listener.h"
#include "runpod/worker/taker.h"

namespace darkroom::runpod::worker {

struct WorkerPorts {
    ports::HttpClient& http;
    ports::Resolver& resolver;
    ports::PictureWork& pictures;
    const ports::Clock& clock;
    ports::Random& random;
    ComfyTools driven = {};
};

class Worker {
public:
    Worker(WorkerSettings settings, WorkerUrls urls, WorkerPorts ports, WorkerLimits limits = {});
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Each on a thread of its own; work_on_jobs on as many as settings.concurrency.
    void take_jobs();  // ends by itself once refresh_after jobs were taken
    void work_on_jobs();
    void listen_for_stops() { stop_listener_.run(); }
    void beat() { heartbeat_.run(); }
    void post_progress() { progress_.run(); }
    void post_callbacks() { callbacks_.run(); }

    /// Readable once no more jobs are taken: told to stop, or worn out.
    int taking_ended_fd() const { return taking_ended_.fd(); }
    void stop();
    /// After stop(): true once no job is in hand, false at the deadline.
    bool wait_until_idle(Instant deadline) { return jobs_.wait_until_empty(deadline); }
    /// Ends every loop soon; callbacks that wait are tried until `deadline`.
    void abandon(Instant deadline);
    /// Ends what is left at once.
    void cut_off() { callbacks_.stop(); }

    std::vector<RemoteJobId> jobs_in_hand() const { return jobs_.ids(); }
    /// Why this machine has to be replaced: its ComfyUI or its GPU can do no more. No more jobs are taken
    /// then.
    std::optional<std::string> trouble() const;

private:
    void work_on(JobInHand& job);
    /// True if the platform has to be told that this worker wants to be replaced.
    bool wants_to_go();

    const WorkerSettings settings_;
    const WorkerLimits limits_;
    const WorkerUrls urls_;
    GuardedClient web_;
    std::optional<Volume> volume_;
    ports::WorkflowWork* const workflows_;
    JobsInHand jobs_;
    Taker taker_;
    StopListener stop_listener_;
    Heartbeat heartbeat_;
    ProgressPosts progress_;
    CallbackPosts callbacks_;
    ResultPost results_;
    JobWork work_;
    StopEvent taking_ended_;
};

/// One job, with nothing reported to anybody but its callback's receiver, who is not told either.
JobEnd perform_alone(const WorkerSettings& settings, std::string input_json, WorkerPorts ports);

/// The last word to the platform of a worker that cannot work: `check` names what failed.
void report_unhealthy(const WorkerSettings& settings, const WorkerUrls& urls, ports::HttpClient& http,
                      std::string_view check, std::string_view reason);

}  // namespace darkroom::runpod::worker
