// Hears which jobs nobody wants any more, by a long poll beside the one for jobs, and interrupts them.
#pragma once
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/jobs_in_hand.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

class StopListener {
public:
    StopListener(const WorkerSettings& settings, const WorkerLimits& limits, const WorkerUrls& urls,
                 ports::HttpClient& http, const ports::Clock& clock, ports::Random& random, JobsInHand& jobs)
        : settings_(settings),
          limits_(limits),
          urls_(urls),
          http_(http),
          clock_(clock),
          backoff_(random),
          jobs_(jobs),
          halt_(clock) {}

    /// The thread's work: returns when stopped, or at once where the platform has no such channel.
    void run();
    void stop() { halt_.stop(); }

private:
    Milliseconds listen(const std::string& url);
    Milliseconds pause_after_trouble();
    void stop_jobs(std::string_view body);

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    const WorkerUrls& urls_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    Backoff backoff_;
    JobsInHand& jobs_;
    Interruptible halt_;
};

}  // namespace darkroom::runpod::worker
