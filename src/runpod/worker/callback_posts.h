// Tells the gateway the end of a job directly, signed, whatever becomes of the report to the platform. A
// thread of its own, so that a gateway that is away costs no place for a job.
//
//   2xx delivered · connection errors, 408, 425, 429, 5xx: again, up to ten minutes · else given up, aloud
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/remote_job_id.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

struct CallbackOrder {
    RemoteJobId job;
    std::string url;
    std::string authorization;  // of the payload; empty = none
    std::string body;
};

class CallbackPosts {
public:
    CallbackPosts(const WorkerSettings& settings, const WorkerLimits& limits, ports::HttpClient& http,
                  const ports::Clock& clock, ports::Random& random);

    /// The thread's work: returns when stopped, or, after finish(), when nothing is left.
    void run();
    /// What is left is tried until `deadline`, then dropped: the platform's own report is still there.
    void finish(Instant deadline);
    void stop();

    /// Returns at once. Dropped, aloud, if nobody could believe it (no secret and no authorization) or far
    /// too many wait already.
    void send(CallbackOrder order);

private:
    struct Waiting {
        CallbackOrder order;
        std::string id;  // the same for every try: the gateway takes it once
        Backoff backoff;
        Instant due{};
        Instant give_up{};
    };

    std::list<Waiting> take_due(Instant& next, bool& over);
    bool is_over(Waiting& waiting);
    ports::OutgoingRequest request_for(const Waiting& waiting) const;

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
    Interruptible halt_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    std::mutex mutex_;
    std::list<Waiting> waiting_;
    bool finishing_ = false;
    Instant last_moment_{};
};

}  // namespace darkroom::runpod::worker
