#include "runpod/worker/progress_posts.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/log.h"
#include "runpod/protocol/worker_messages.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

constexpr Milliseconds look_again{60'000};  // with nothing to do

std::string body_of(std::string_view stage) {
    JsonWriter output;
    output.begin_object().member("stage", stage).end_object();
    DoneReport report;
    report.is_progress = true;
    report.output_json = output.take();
    return write_done_report(report);
}

}  // namespace

void ProgressPosts::run() {
    for (;;) {
        Instant next = clock_.monotonic() + look_again;
        if (const auto due = take_due(next)) {
            post(*due);
            continue;
        }
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) return;
        }
        wake_up_->wait_until(next);
    }
}

std::optional<ProgressPosts::Due> ProgressPosts::take_due(Instant& next) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return std::nullopt;
    const Instant now = clock_.monotonic();
    for (auto& [job, entry] : jobs_) {
        if (!entry.unsent) continue;
        if (entry.not_before > now) {
            next = std::min(next, entry.not_before);
            continue;
        }
        Due due{job, *std::move(entry.unsent)};
        entry.unsent.reset();
        entry.on_its_way = true;
        entry.not_before = now + limits_.progress_gap;
        return due;
    }
    return std::nullopt;
}

void ProgressPosts::post(const Due& due) {
    auto request = platform_request(settings_, ports::HttpMethod::post, urls_.done(due.job));
    request.body = due.body;
    request.headers.emplace_back("X-Request-ID", due.job.str());
    request.total_timeout = limits_.progress_wait;
    // Not interruptible: what was begun may still arrive, so its end is waited for.
    const auto answer = http_.fetch(request);
    if (!answer || !is_success(answer->status))
        log::debug("a progress report was not taken", {{"job", due.job.str()}});
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = jobs_.find(due.job); found != jobs_.end()) found->second.on_its_way = false;
    }
    arrived_.notify_all();
}

void ProgressPosts::tell(const RemoteJobId& job, std::string_view stage) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return;
        jobs_[job].unsent = body_of(stage);
    }
    wake_up_->set();
}

void ProgressPosts::end(const RemoteJobId& job) {
    std::unique_lock lock(mutex_);
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return;
    found->second.unsent.reset();
    // At most progress_wait long: the request has that deadline.
    arrived_.wait(lock, [&] { return !found->second.on_its_way; });
    jobs_.erase(found);
}

void ProgressPosts::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (auto& [job, entry] : jobs_) entry.unsent.reset();
    }
    wake_up_->set();
}

}  // namespace darkroom::runpod::worker
