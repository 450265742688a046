// Tells the platform, at even intervals and whatever the jobs do, that this worker lives and which jobs it
// holds: a job that is missing from it for about 40 s is given to somebody else.
#pragma once
#include <string_view>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/jobs_in_hand.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class Heartbeat {
public:
    Heartbeat(const WorkerSettings& settings, const WorkerUrls& urls, ports::HttpClient& http,
              const ports::Clock& clock, const JobsInHand& jobs)
        : settings_(settings), urls_(urls), http_(http), clock_(clock), jobs_(jobs), halt_(clock) {}

    /// The thread's work: returns when stopped, or at once where nobody listens (no key, no address).
    void run();
    void stop() { halt_.stop(); }

private:
    void beat();
    bool send(std::string_view query);

    const WorkerSettings& settings_;
    const WorkerUrls& urls_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    const JobsInHand& jobs_;
    Interruptible halt_;
    int missed_ = 0;
};

}  // namespace darkroom::runpod::worker
