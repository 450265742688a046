#include "runpod/worker/claim.h"

#include "base/log.h"
#include "runpod/protocol/work_callback.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {

ClaimAnswer Claim::ask(const WorkFence& fence, const RemoteJobId& job, Interruptible& halt) {
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::post;
    request.url = fence.claim_url;
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Darkroom/" + settings_.version}};
    request.body = write_work_claim(
        {.attempt_token = fence.attempt_token, .remote_id = job, .worker_id = settings_.worker_id});
    request.total_timeout = limits_.claim_wait;
    request.answer_bytes_max = std::uint64_t{64} << 10;
    request.stop_fd = halt.stop_fd();
    const Instant deadline = clock_.monotonic() + limits_.claim_patience;
    Backoff backoff(random_);
    for (;;) {
        const auto answer = http_.fetch(request);
        if (halt.is_stopped()) return ClaimAnswer::stopped;
        if (answer && is_success(answer->status)) return ClaimAnswer::granted;
        if (answer && answer->status == 409) return ClaimAnswer::taken;
        if (answer && answer->status == 410) return ClaimAnswer::unwanted;
        const auto pause = backoff.next();
        if (!is_worth_another_try(answer) || clock_.monotonic() + pause >= deadline) {
            log::warning("nobody could tell whether this attempt is taken",
                         {{"job", job.str()}, {"status", answer ? answer->status : 0}});
            return ClaimAnswer::unknown;
        }
        if (!halt.pause(pause)) return ClaimAnswer::stopped;
    }
}

}  // namespace darkroom::runpod::worker
