#include "runpod/worker/taker.h"

#include "base/log.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {

void Taker::run() {
    while (!halt_.is_stopped()) {
        const int room = jobs_.wait_for_room();
        if (room == 0) return;
        const Instant asked_at = clock_.monotonic();
        const auto answer = take(room);
        if (!halt_.is_stopped()) pause_after(answer, asked_at);
    }
}

Taker::Answer Taker::take(int room) {
    const bool busy = !jobs_.ids().empty();
    const auto batch = room > 1 ? urls_.take_batch(room, busy) : std::nullopt;
    auto request = platform_request(settings_, ports::HttpMethod::get, batch ? *batch : urls_.take(busy));
    request.total_timeout = limits_.take_wait;
    request.answer_bytes_max = limits_.take_bytes_max;
    request.stop_fd = halt_.stop_fd();
    const Instant asked_at = clock_.monotonic();
    const auto answer = http_.fetch(request);
    if (answer) return read(*answer);
    if (answer.error().kind == ports::FetchError::stopped) return Answer::none;
    // An endpoint that holds the poll longer than we do has no job for us: that is no fault.
    if (clock_.monotonic() - asked_at >= limits_.take_wait) return Answer::none;
    log::warning("no jobs could be taken", {{"detail", answer.error().detail}});
    return Answer::failed;
}

Taker::Answer Taker::read(const ports::FetchedAnswer& answer) {
    if (answer.status == 204 || answer.status == 400) return Answer::none;
    if (answer.status == 429) return Answer::busy;
    if (answer.status != 200) {
        const bool key = answer.status == 401 || answer.status == 403;
        log::warning(key ? "the endpoint refuses this worker's key" : "no jobs could be taken",
                     {{"status", answer.status}});
        return Answer::failed;
    }
    if (answer.body.empty()) return Answer::none;
    auto taken = parse_taken_jobs(answer.body, limits_.take_bytes_max);
    if (!taken) {
        log::warning("an answer to job-take is not understood", {{"detail", taken.error().detail}});
        return Answer::failed;
    }
    if (taken->without_id > 0)
        log::error("jobs without an id were given to this worker", {{"count", taken->without_id}});
    for (auto& job : taken->jobs) {
        const RemoteJobId id = job.id;
        const bool is_new = jobs_.add(std::move(job));
        log::info(is_new ? "job taken" : "a job that is in hand was given again", {{"job", id.str()}});
    }
    return taken->jobs.empty() ? Answer::none : Answer::jobs;
}

void Taker::pause_after(Answer answer, Instant asked_at) {
    if (answer == Answer::failed) {
        halt_.pause(backoff_.next());
        return;
    }
    backoff_.reset();
    if (answer == Answer::busy) halt_.pause(limits_.busy_pause);
    // An endpoint that holds no poll open must not be asked a thousand times a second.
    if (answer == Answer::none && clock_.monotonic() - asked_at < limits_.empty_pause)
        halt_.pause(limits_.empty_pause);
}

}  // namespace darkroom::runpod::worker
