#include "runpod/worker/stop_listener.h"

#include <algorithm>

#include "base/log.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {

void StopListener::run() {
    const auto url = urls_.stop();
    if (!url) return;
    while (!halt_.is_stopped()) {
        const auto pause = listen(*url);
        if (!halt_.pause(pause)) return;
    }
}

Milliseconds StopListener::listen(const std::string& url) {
    auto request = platform_request(settings_, ports::HttpMethod::get, url);
    request.total_timeout = limits_.take_wait;
    request.stop_fd = halt_.stop_fd();
    const Instant asked_at = clock_.monotonic();
    const auto answer = http_.fetch(request);
    if (!answer) {
        // Held longer than we do: nothing to stop.
        if (clock_.monotonic() - asked_at >= limits_.take_wait) return Milliseconds(0);
        return pause_after_trouble();
    }
    if (answer->status == 429) return limits_.busy_pause;
    if (answer->status != 200 && answer->status != 204) return pause_after_trouble();
    backoff_.reset();
    if (answer->status == 200) stop_jobs(answer->body);
    return limits_.stop_pause;
}

Milliseconds StopListener::pause_after_trouble() { return std::max(limits_.stop_pause, backoff_.next()); }

void StopListener::stop_jobs(std::string_view body) {
    const auto ids = parse_jobs_to_stop(body);
    if (!ids) {
        log::warning("an answer to job-stop is not understood", {{"detail", ids.error().detail}});
        return;
    }
    for (const auto& id : *ids) {
        if (jobs_.stop(id)) log::info("job stopped: nobody wants it any more", {{"job", id.str()}});
    }
}

}  // namespace darkroom::runpod::worker
