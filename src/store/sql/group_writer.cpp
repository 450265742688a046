#include "store/sql/group_writer.h"

#include <pthread.h>
#include <new>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::store {

using ports::StoreErrorKind;

GroupWriter::GroupWriter(std::unique_ptr<WriteSide> side, Options options)
    : side_(std::move(side)), options_(std::move(options)) {
    thread_ = std::thread([this] { write(); });
    pthread_setname_np(thread_.native_handle(), options_.thread.c_str());
}

GroupWriter::~GroupWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_arrived_.notify_one();
    thread_.join();
}

void GroupWriter::set_listener(ports::StoreListener* listener) {
    const std::lock_guard lock(listener_mutex_);
    listener_ = listener;
}

void GroupWriter::wait_for(AnyTask& task) {
    std::shared_ptr<Batch> batch;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        DR_CHECK(!stopping_);
        if (waiting_.empty() || waiting_.back()->tasks.size() >= options_.batch_max) {
            waiting_.push_back(std::make_shared<Batch>());
        }
        batch = waiting_.back();
        batch->tasks.push_back(&task);
        wake = std::exchange(writer_sleeps_, false);
    }
    if (wake) work_arrived_.notify_one();
    batch->done.wait();
}

std::shared_ptr<GroupWriter::Batch> GroupWriter::next_batch() {
    std::unique_lock lock(mutex_);
    while (waiting_.empty() && !stopping_) {
        writer_sleeps_ = true;
        work_arrived_.wait(lock);  // ended by the next caller or by the destructor
    }
    writer_sleeps_ = false;
    if (waiting_.empty()) return nullptr;
    auto batch = std::move(waiting_.front());
    waiting_.pop_front();
    return batch;
}

void GroupWriter::write() {
    while (const auto batch = next_batch()) {
        commit(*batch);
        batch->done.open();
        if (broken_) continue;
        if (const auto failure = side_->tidy_up()) broken_ = SqlFailure(failure->kind, failure->detail);
    }
}

void GroupWriter::commit(Batch& batch) {
    const auto failure = try_together(batch.tasks);
    if (!failure) return;
    const bool is_worth_it = batch.tasks.size() > 1 || failure->try_again();
    // What two of them waited for in vain, the others need not wait for as well.
    std::optional<SqlFailure> hopeless;
    int in_vain = 0;
    for (auto* const task : batch.tasks) {
        auto own = failure;
        if (hopeless) own = hopeless;
        if (!hopeless && is_worth_it && !broken_) own = try_alone(*task);
        if (!own) continue;
        if (own->waited_in_vain() && ++in_vain == 2) hopeless = own;
        task->fail(own->error());
    }
}

std::optional<SqlFailure> GroupWriter::try_alone(AnyTask& task) {
    for (int left = options_.tries;; --left) {
        auto failure = try_together({&task});
        if (!failure || !failure->try_again() || left <= 1) return failure;
    }
}

// Returns what went wrong; then nothing has happened.
std::optional<SqlFailure> GroupWriter::try_together(const std::vector<AnyTask*>& tasks) {
    if (broken_) return broken_;
    const auto began = std::chrono::steady_clock::now();
    try {
        perform_all(tasks);
    } catch (const SqlFailure& failure) {
        return undo(failure);
    } catch (const std::bad_alloc&) {
        return undo({StoreErrorKind::unavailable, "no memory left"});
    }
    tell_meters(began, tasks.size());
    tell_listener();
    side_->tell_others(news_);
    return std::nullopt;
}

void GroupWriter::tell_meters(std::chrono::steady_clock::time_point began, std::size_t tasks) {
    auto& meters = *options_.meters;
    meters.committed(std::chrono::steady_clock::now() - began, tasks);
    for (const auto& type : news_.created) meters.job_created(type);
    for (const auto& move : news_.moves) meters.job_moved(move);
    for (const auto& [from, event] : news_.moves_lost) meters.move_lost(from, event);
}

std::optional<SqlFailure> GroupWriter::undo(SqlFailure failure) {
    try {
        side_->roll_back();
    } catch (const SqlFailure& rollback) {
        failure =
            SqlFailure(StoreErrorKind::broken, std::string(failure.what()) + "; then " + rollback.what());
    }
    if (side_->ends_writing(failure.kind())) {
        broken_ = failure;
        log::error("the store is broken: nothing is written any more", {{"detail", failure.what()}});
    }
    return failure;
}

void GroupWriter::perform_all(const std::vector<AnyTask*>& tasks) {
    news_ = News();
    std::vector<Touched> touched;
    touched.reserve(tasks.size());
    for (const auto* const task : tasks) touched.push_back(task->touched);
    side_->begin(touched);
    Transaction transaction(side_->db(), news_, side_->node(), options_.flow);
    for (auto* const task : tasks) task->perform(transaction);
    transaction.conclude(options_.shard);
    side_->commit();
}

void GroupWriter::tell_listener() {
    if (news_.changed.empty() && !news_.ready && !news_.remote_due) return;
    const std::lock_guard lock(listener_mutex_);
    if (listener_ == nullptr) return;
    for (const auto& job : news_.changed) listener_->job_changed(job);
    if (news_.ready) listener_->jobs_ready();
    if (news_.remote_due) listener_->remote_work_due();
}

}  // namespace darkroom::store
