// Asks the endpoint for jobs for as long as there is room, by long polls that end at once when the worker is
// told to stop.
//
//   200 jobs · 204, 400 none, ask again · 429 wait 5 s · anything else: growing pauses with jitter
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

class Taker {
public:
    Taker(const WorkerSettings& settings, const WorkerLimits& limits, const WorkerUrls& urls,
          ports::HttpClient& http, const ports::Clock& clock, ports::Random& random, JobsInHand& jobs)
        : settings_(settings),
          limits_(limits),
          urls_(urls),
          http_(http),
          clock_(clock),
          backoff_(random),
          jobs_(jobs),
          halt_(clock) {}

    /// The thread's work: returns when stopped, or when no more jobs are wanted.
    void run();
    void stop() { halt_.stop(); }

private:
    enum class Answer { jobs, none, busy, failed };

    Answer take(int room);
    Answer read(const ports::FetchedAnswer& answer);
    void pause_after(Answer answer, Instant asked_at);

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
