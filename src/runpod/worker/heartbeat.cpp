#include "runpod/worker/heartbeat.h"

#include <algorithm>

#include "base/log.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

constexpr int tries = 3;
constexpr Milliseconds retry_pause{1'000};

}  // namespace

void Heartbeat::run() {
    if (settings_.authorization.empty() || !urls_.ping("")) return;
    while (!halt_.is_stopped()) {
        const Instant began = clock_.monotonic();
        beat();
        // The time that a slow answer took is part of the interval.
        const auto took = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - began);
        if (!halt_.pause(std::max(settings_.ping_interval - took, Milliseconds(1)))) return;
    }
}

void Heartbeat::beat() {
    for (int i = 0; i < tries; ++i) {
        if (i > 0 && !halt_.pause(std::min(retry_pause, settings_.ping_interval))) return;
        if (send(ping_query(jobs_.ids(), settings_.version))) {
            missed_ = 0;
            return;
        }
        if (halt_.is_stopped()) return;
    }
    // One line when it begins, not one for each of a long night.
    if (++missed_ == 1) log::warning("the endpoint does not hear this worker's heartbeat");
}

bool Heartbeat::send(std::string_view query) {
    const auto url = urls_.ping(query);
    if (!url) return false;
    auto request = platform_request(settings_, ports::HttpMethod::get, *url);
    request.total_timeout = settings_.ping_interval * 2;
    request.stop_fd = halt_.stop_fd();
    const auto answer = http_.fetch(request);
    return answer && !is_worth_another_try(answer);
}

}  // namespace darkroom::runpod::worker
