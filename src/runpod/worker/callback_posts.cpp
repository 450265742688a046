#include "runpod/worker/callback_posts.h"

#include <algorithm>

#include "base/log.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

constexpr std::size_t waiting_max = 1'000;
constexpr Milliseconds look_again{60'000};  // with nothing to do

}  // namespace

CallbackPosts::CallbackPosts(const WorkerSettings& settings, const WorkerLimits& limits,
                             ports::HttpClient& http, const ports::Clock& clock, ports::Random& random)
    : settings_(settings),
      limits_(limits),
      http_(http),
      clock_(clock),
      random_(random),
      halt_(clock),
      wake_up_(clock.make_wake_up()) {}

void CallbackPosts::send(CallbackOrder order) {
    if (!settings_.callback_secret && order.authorization.empty()) {
        log::warning("no callback: CALLBACK_SECRET is not set", {{"job", order.job.str()}});
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= waiting_max) {
            log::error("a callback is dropped: too many wait", {{"job", order.job.str()}});
            return;
        }
        const Instant now = clock_.monotonic();
        const auto id = "dr_" + random_.id<AttemptId>().str();
        waiting_.push_back({std::move(order), id, Backoff(random_), now, now + limits_.callback_patience});
    }
    wake_up_->set();
}

void CallbackPosts::run() {
    for (;;) {
        Instant next = clock_.monotonic() + look_again;
        bool over = false;
        auto due = take_due(next, over);
        if (over) return;
        if (due.empty()) {
            wake_up_->wait_until(next);
            continue;
        }
        due.remove_if([this](Waiting& waiting) { return is_over(waiting); });
        const std::lock_guard lock(mutex_);
        waiting_.splice(waiting_.end(), due);
    }
}

/// All whose time has come, or the time of the next one.
std::list<CallbackPosts::Waiting> CallbackPosts::take_due(Instant& next, bool& over) {
    std::list<Waiting> due;
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.monotonic();
    if (finishing_) next = std::min(next, last_moment_);
    over = halt_.is_stopped() || (finishing_ && (waiting_.empty() || now >= last_moment_));
    if (over && !waiting_.empty())
        log::warning("callbacks are left undelivered", {{"count", std::uint64_t{waiting_.size()}}});
    if (over) return due;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
        const auto one = it++;
        if (one->due > now) {
            next = std::min(next, one->due);
        } else {
            due.splice(due.end(), waiting_, one);
        }
    }
    return due;
}

/// Tries once; true if that was the last time.
bool CallbackPosts::is_over(Waiting& waiting) {
    const auto answer = http_.fetch(request_for(waiting));
    if (answer && is_success(answer->status)) {
        log::info("callback delivered", {{"job", waiting.order.job.str()}});
        return true;
    }
    if (!is_worth_another_try(answer)) {
        if (halt_.is_stopped()) return false;
        log::error("a callback was refused",
                   {{"job", waiting.order.job.str()}, {"status", answer ? answer->status : 0}});
        return true;
    }
    waiting.due = clock_.monotonic() + waiting.backoff.next();
    if (waiting.due < waiting.give_up) return false;
    log::error("a callback could not be delivered", {{"job", waiting.order.job.str()}});
    return true;
}

ports::OutgoingRequest CallbackPosts::request_for(const Waiting& waiting) const {
    const auto& order = waiting.order;
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::post;
    request.url = order.url;
    request.body = order.body;
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "Darkroom/" + settings_.version}};
    if (!order.authorization.empty()) request.headers.emplace_back("Authorization", order.authorization);
    if (settings_.callback_secret) {
        // Signed anew for each try: a signature is good for five minutes.
        const auto headers =
            standard_headers(*settings_.callback_secret, waiting.id, clock_.now(), order.body);
        request.headers.emplace_back("X-Signature", x_signature(*settings_.callback_secret, order.body));
        request.headers.emplace_back("webhook-id", headers.id);
        request.headers.emplace_back("webhook-timestamp", headers.timestamp);
        request.headers.emplace_back("webhook-signature", headers.signature);
    }
    request.total_timeout = limits_.post_wait;
    request.answer_bytes_max = std::uint64_t{64} << 10;
    request.stop_fd = halt_.stop_fd();
    return request;
}

void CallbackPosts::finish(Instant deadline) {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
        last_moment_ = deadline;
    }
    wake_up_->set();
}

void CallbackPosts::stop() {
    halt_.stop();
    wake_up_->set();
}

}  // namespace darkroom::runpod::worker
