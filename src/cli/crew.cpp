#include "cli/crew.h"

#include <algorithm>

#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr std::size_t senders_max = 2;
constexpr std::size_t collectors_max = 4;
// With more jobs than collectors, each is held only briefly, so that none waits behind one that takes long.
constexpr Milliseconds crowded_wait_slice{5'000};
constexpr std::chrono::milliseconds tick{100};

}  // namespace

Crew::Crew(GatewayClient& client, ports::Clock& clock, CrewPlan plan, std::vector<Picture> pictures)
    : client_(client),
      clock_(clock),
      plan_(std::move(plan)),
      begin_(clock.monotonic()),
      pictures_(std::move(pictures)),
      begun_(pictures_.size(), begin_),
      bytes_sent_(pictures_.size(), 0) {
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
        if (pictures_[i].ended) {
            ++ended_count_;
        } else {
            (pictures_[i].job_id.empty() ? to_send_ : to_collect_).push_back(i);
        }
    }
    const auto senders = std::min(senders_max, to_send_.size());
    const auto collectors = std::min(collectors_max, to_send_.size() + to_collect_.size());
    for (std::size_t i = 0; i < senders; ++i) start_thread(&Crew::send_all);
    for (std::size_t i = 0; i < collectors; ++i) start_thread(&Crew::collect_all);
}

Crew::~Crew() {
    const bool all_ended = [&] {
        const std::lock_guard lock(mutex_);
        return ended_count_ == pictures_.size();
    }();
    if (!all_ended) client_.stop().ask();
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void Crew::start_thread(void (Crew::*work)()) {
    {
        const std::lock_guard lock(mutex_);
        ++threads_running_;
    }
    threads_.emplace_back([this, work] {
        (this->*work)();
        const std::lock_guard lock(mutex_);
        --threads_running_;
        changed_.notify_all();
    });
}

// ---- Sending ----

void Crew::send_all() {
    while (const auto index = next_to_send()) send_one(*index);
}

std::optional<std::size_t> Crew::next_to_send() {
    std::unique_lock lock(mutex_);
    const auto may_go_on = [&] { return stopping() || to_send_.empty() || first_is_sent_ || sending_ == 0; };
    while (!may_go_on()) changed_.wait_for(lock, tick);
    if (stopping() || to_send_.empty()) return std::nullopt;
    const auto index = to_send_.front();
    to_send_.pop_front();
    ++sending_;
    return index;
}

void Crew::send_one(std::size_t index) {
    SendOrder order;
    {
        const std::lock_guard lock(mutex_);
        order.file = *pictures_[index].file;
        begun_[index] = clock_.monotonic();
    }
    order.type = plan_.type;
    order.params = plan_.params;
    order.steps = plan_.steps;
    order.mask = plan_.mask;
    order.backend = plan_.backend;
    order.idempotency_key = client_.random().id<UploadId>().str();
    order.on_progress = [this, index](std::uint64_t sent) {
        const std::lock_guard lock(mutex_);
        bytes_sent_[index] = sent;
    };
    auto job = send_picture(client_, order);

    const std::lock_guard lock(mutex_);
    --sending_;
    first_is_sent_ = true;
    changed_.notify_all();
    if (job) {
        bytes_sent_[index] = order.file.bytes;
        pictures_[index].job_id = text_member(*job, "id");
        pictures_[index].job = std::move(*job);
        to_collect_.push_back(index);
        return;
    }
    if (job.error().stopped) return;
    end_locked(index, job.error());
    if (job.error().ends_run) end_unsent(job.error());
}

void Crew::end_unsent(const StepFailure& reason) {
    auto failure = reason;
    failure.code = "not_sent";
    for (; !to_send_.empty(); to_send_.pop_front()) end_locked(to_send_.front(), failure);
}

// ---- Collecting ----

void Crew::collect_all() {
    while (const auto index = next_to_collect()) collect_one(*index);
}

std::optional<std::size_t> Crew::next_to_collect() {
    std::unique_lock lock(mutex_);
    const auto nothing_will_come = [&] { return to_send_.empty() && sending_ == 0; };
    const auto time_is_up = [&] {
        return clock_.monotonic() >= plan_.deadline;
    };  // watch() is about to say so
    while (!stopping() &&
           ((to_collect_.empty() && !nothing_will_come()) || (!to_collect_.empty() && time_is_up()))) {
        changed_.wait_for(lock, tick);
    }
    if (stopping() || to_collect_.empty()) return std::nullopt;
    const auto index = to_collect_.front();
    to_collect_.pop_front();
    return index;
}

void Crew::collect_one(std::size_t index) {
    std::string id;
    auto slice = plan_.wait_slice;
    {
        const std::lock_guard lock(mutex_);
        id = pictures_[index].job_id;
        if (!to_collect_.empty()) slice = std::min(slice, crowded_wait_slice);
    }
    const auto asked_at = clock_.monotonic();
    slice = std::clamp(std::chrono::ceil<Milliseconds>(plan_.deadline - asked_at), Milliseconds(0), slice);
    auto job = wait_for_job(client_, id, slice);
    if (!job) {
        if (job.error().stopped) return;
        const bool outage = job.error().exit_code == ExitCode::unreachable;
        end_with(index, job.error());
        if (outage) end_uncollected(job.error());
        return;
    }
    const auto view = view_job(*job);
    {
        const std::lock_guard lock(mutex_);
        pictures_[index].job = *job;
    }
    if (!view->ended()) {
        if (clock_.monotonic() - asked_at < slice / 2) client_.stop().pause(plan_.poll_pause);
        const std::lock_guard lock(mutex_);
        to_collect_.push_back(index);  // behind the others
        return;
    }
    if (view->succeeded()) return fetch(index, *view);
    StepFailure failure{view->error_code, view->error_message};
    if (failure.code.empty()) failure.code = view->status == "CANCELLED" ? "cancelled" : "internal";
    if (failure.message.empty()) failure.message = "The job ended as " + view->status + ".";
    end_with(index, std::move(failure));
}

void Crew::fetch(std::size_t index, const JobView& job) {
    if (plan_.names == nullptr) return end_with(index, std::nullopt);
    std::string file;
    {
        const std::lock_guard lock(mutex_);
        file = pictures_[index].file ? pictures_[index].file->path.filename().string() : job.file;
    }
    auto path = fetch_result(client_, job, file, *plan_.names);
    if (!path) {
        if (path.error().stopped || stopping()) return;
        return end_with(index, path.error());
    }
    const std::lock_guard lock(mutex_);
    pictures_[index].output = std::move(*path);
    end_locked(index, std::nullopt);
}

void Crew::end_uncollected(const StepFailure& reason) {
    const std::lock_guard lock(mutex_);
    for (; !to_collect_.empty(); to_collect_.pop_front()) end_locked(to_collect_.front(), reason);
    for (; !to_send_.empty(); to_send_.pop_front()) end_locked(to_send_.front(), reason);
}

// ---- Endings ----

void Crew::end_with(std::size_t index, std::optional<StepFailure> failure) {
    const std::lock_guard lock(mutex_);
    end_locked(index, std::move(failure));
}

void Crew::end_locked(std::size_t index, std::optional<StepFailure> failure) {
    auto& picture = pictures_[index];
    picture.failure = std::move(failure);
    picture.ended = true;
    const auto view = view_job(picture.job);
    const auto elapsed = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - begun_[index]);
    picture.took = (view ? view->work_time() : std::nullopt).value_or(elapsed);
    ++ended_count_;
    to_tell_.push_back(index);
    changed_.notify_all();
}

RunProgress Crew::progress() const {
    const std::lock_guard lock(mutex_);
    RunProgress progress;
    bool at_work = false;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
        const auto& picture = pictures_[i];
        if (!picture.file && picture.job_id.empty())
            continue;  // never could be sent: says nothing about the rate
        ++progress.total;
        if (!picture.job_id.empty()) ++progress.sent;
        if (picture.ended) ++(picture.failure ? progress.failed : progress.succeeded);
        if (picture.file) progress.bytes_total += picture.file->bytes;
        progress.bytes_sent += bytes_sent_[i];
        const auto view = picture.ended ? std::nullopt : view_job(picture.job);
        if (!view) continue;
        at_work |= view->stage == "running";
        if (progress.waits_for.empty()) progress.waits_for = human_stage(view->stage);
    }
    if (at_work) progress.waits_for.clear();
    progress.elapsed = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - begin_);
    return progress;
}

CrewEnd Crew::watch(const std::function<void(const Picture&)>& on_ended,
                    const std::function<void(const RunProgress&)>& on_tick) {
    on_tick(progress());  // at once, so that something is seen
    std::unique_lock lock(mutex_);
    for (;;) {
        while (!to_tell_.empty()) {
            const auto picture = pictures_[to_tell_.front()];
            to_tell_.pop_front();
            lock.unlock();
            on_ended(picture);
            lock.lock();
        }
        if (ended_count_ == pictures_.size()) return CrewEnd::done;
        if (stopping()) return CrewEnd::stopped;
        if (clock_.monotonic() >= plan_.deadline) {
            client_.stop().ask();
            return CrewEnd::timed_out;
        }
        lock.unlock();
        on_tick(progress());
        lock.lock();
        if (to_tell_.empty()) changed_.wait_for(lock, tick);
    }
}

bool Crew::wait_for_threads(Milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return threads_running_ == 0; });
}

std::vector<Picture> Crew::pictures() const {
    const std::lock_guard lock(mutex_);
    return pictures_;
}

}  // namespace darkroom::cli
