// Delivers the end of a job to the platform. A result that cost GPU time is worth five minutes of trying.
//
//   2xx delivered · 404 the job is gone, nothing to do · 400, 413 once more with the small body
//   connection errors, 408, 425, 429, 5xx: again, with growing pauses · anything else: given up, aloud
#pragma once
#include <filesystem>
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
    /// If set, sent instead of `whole`: a file that is the body but for its end, and is gone afterwards.
    /// Holds pictures that memory had better not hold.
    std::filesystem::path body_file = {};
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
    Delivery deliver_within(const RemoteJobId& job, const JobReport& report, Instant deadline,
                            Interruptible& halt, int& last_status);
    /// What `request` says, under job-done's address and with this worker's credentials.
    Delivery send_until(const RemoteJobId& job, ports::OutgoingRequest request, Instant deadline,
                        Interruptible& halt, int& last_status);
    ports::OutgoingRequest request_for(const RemoteJobId& job, std::string body) const;

    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    const WorkerUrls& urls_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
