// Delivers the end of a job to the platform. A result that cost GPU time is worth five minutes of trying.
//
//   2xx delivered · 404 the job is gone, nothing to do · 400, 413 once more with the small body
//   connection errors, 408, 425, 429, 5xx: again, with growing pauses · anything else: given up, aloud
#pragma once
#include <string>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/worker_messages.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

/// What is said at the end: `small` says the essential where the platform refuses the whole.
struct JobReport {
    DoneReport whole;
    DoneReport small;
};

enum class Delivery { delivered, gone, refused, unreachable, stopped };

class ResultPost {
public:
    ResultPost(const WorkerSettings& settings, const WorkerLimits& limits, const WorkerUrls& urls,
               ports::HttpClient& http, const ports::Clock& clock, ports::Random& random)
        : settings_(settings), limits_(limits), urls_(urls), http_(http), clock_(clock), random_(random) {}

    /// Blocks until it is delivered or given up. `halt` ends it: nobody wants the result any more.
    Delivery deliver(const RemoteJobId& job, const JobReport& report, Interruptible& halt);

private:
    Delivery send_until(const RemoteJobId& job, const std::string& body, Instant deadline,
                        Interruptible& halt, int& last_status);

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    const WorkerUrls& urls_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
