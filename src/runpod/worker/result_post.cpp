#include "runpod/worker/result_post.h"

#include <algorithm>

#include "base/log.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {

Delivery ResultPost::deliver(const RemoteJobId& job, const JobReport& report, Interruptible& halt) {
    const Instant deadline = clock_.monotonic() + limits_.done_patience;
    const auto small = write_done_report(report.small);
    auto body = write_done_report(report.whole);
    if (body.size() > limits_.done_bytes_max) body = small;
    int status = 0;
    auto delivery = send_until(job, body, deadline, halt, status);
    if (delivery == Delivery::refused && (status == 400 || status == 413)) {
        log::warning("the endpoint refused a result; saying the essential only", {{"job", job.str()}});
        delivery = send_until(job, small, deadline, halt, status);
    }
    switch (delivery) {
        case Delivery::delivered:
            log::info("job reported", {{"job", job.str()}});
            break;
        case Delivery::gone:
            log::info("the endpoint does not know this job any more", {{"job", job.str()}});
            break;
        case Delivery::refused:
            log::error("the endpoint refused the end of a job", {{"job", job.str()}, {"status", status}});
            break;
        case Delivery::unreachable:
            log::error("the end of a job could not be delivered", {{"job", job.str()}});
            break;
        case Delivery::stopped:
            break;
    }
    return delivery;
}

Delivery ResultPost::send_until(const RemoteJobId& job, const std::string& body, Instant deadline,
                                Interruptible& halt, int& last_status) {
    Backoff backoff(random_);
    auto request = platform_request(settings_, ports::HttpMethod::post, urls_.done(job));
    request.headers.emplace_back("X-Request-ID", job.str());
    request.body = body;
    request.stop_fd = halt.stop_fd();
    for (;;) {
        if (halt.is_stopped()) return Delivery::stopped;
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
        request.total_timeout = std::clamp(left, Milliseconds(1'000), limits_.post_wait);
        const auto answer = http_.fetch(request);
        if (answer) last_status = answer->status;
        if (answer && is_success(answer->status)) return Delivery::delivered;
        if (answer && answer->status == 404) return Delivery::gone;
        if (!is_worth_another_try(answer)) return halt.is_stopped() ? Delivery::stopped : Delivery::refused;
        const auto pause = backoff.next();
        if (clock_.monotonic() + pause >= deadline) return Delivery::unreachable;
        log::info("the end of a job was not taken; trying again",
                  {{"job", job.str()}, {"pause_ms", static_cast<std::int64_t>(pause.count())}});
        if (!halt.pause(pause)) return Delivery::stopped;
    }
}

}  // namespace darkroom::runpod::worker
