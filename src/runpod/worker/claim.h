// Asks whether this worker may do an attempt, before any work: of two remote jobs of one attempt, one gets
// it.
//
//   2xx go on · 409 another one has it · 410 nobody wants it any more
//   not reached, 408, 425, 429, 5xx: again for 30 s, then nobody knows; anything else: nobody knows
#pragma once
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/protocol/work_payload.h"
#include "runpod/protocol/worker_messages.h"
#include "runpod/worker/interruptible.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::runpod::worker {

enum class ClaimAnswer { granted, taken, unwanted, unknown, stopped };

/// Twice is safe: whoever gives out claims gives the same answer to the same remote job.
class Claim {
public:
    Claim(const WorkerSettings& settings, const WorkerLimits& limits, ports::HttpClient& http,
          const ports::Clock& clock, ports::Random& random)
        : settings_(settings), limits_(limits), http_(http), clock_(clock), random_(random) {}

    ClaimAnswer ask(const WorkFence& fence, const RemoteJobId& job, Interruptible& halt);

private:
    const WorkerSettings& settings_;
    const WorkerLimits& limits_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
};

}  // namespace darkroom::runpod::worker
