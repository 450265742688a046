#include "store/sqlite/group_writer.h"

#include <pthread.h>
#include <sqlite3.h>

#include <new>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::store {

using ports::StoreError;
using ports::StoreErrorKind;

GroupWriter::GroupWriter(std::unique_ptr<Database> db, Options options)
    : db_(std::move(db)), options_(options), next_checkpoint_(options.checkpoint_pages) {
    const auto remember_pages = [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(db_->handle(), remember_pages, &wal_pages_);
    thread_ = std::thread([this] { write(); });
    pthread_setname_np(thread_.native_handle(), "store-writer");
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
    batch->done.wait(0);
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
        batch->done.store(1);
        batch->done.notify_all();
        checkpoint_if_due();  // after the answers: nobody waits for housekeeping
    }
}

void GroupWriter::commit(Batch& batch) {
    const auto failure = try_together(batch.tasks);
    if (failure && batch.tasks.size() > 1 && !broken_) {
        for (auto* const task : batch.tasks) {
            if (const auto own = try_together({task})) task->fail(*own);
        }
    } else if (failure) {
        for (auto* const task : batch.tasks) task->fail(*failure);
    }
}

// Returns what went wrong; then nothing has happened.
std::optional<StoreError> GroupWriter::try_together(const std::vector<AnyTask*>& tasks) {
    if (broken_) return broken_;
    std::optional<StoreError> failure;
    try {
        perform_all(tasks);
    } catch (const SqlFailure& sql) {
        failure = sql.error();
    } catch (const std::bad_alloc&) {
        failure = StoreError{StoreErrorKind::unavailable, "no memory left"};
    }
    if (!failure) {
        tell_listener();
        return std::nullopt;
    }
    try {
        if (db_->in_transaction()) db_->execute("ROLLBACK");
    } catch (const SqlFailure& rollback) {
        failure = StoreError{StoreErrorKind::broken, failure->detail + "; then " + rollback.what()};
    }
    if (failure->kind == StoreErrorKind::broken) {
        broken_ = failure;
        log::error("the store is broken: nothing is written any more", {{"detail", failure->detail}});
    }
    return failure;
}

void GroupWriter::perform_all(const std::vector<AnyTask*>& tasks) {
    news_.changed.clear();
    news_.ready = false;
    news_.remote_due = false;
    db_->run("BEGIN IMMEDIATE");
    Transaction transaction{*db_, news_};
    for (auto* const task : tasks) task->perform(transaction);
    db_->run("COMMIT");
}

void GroupWriter::tell_listener() {
    if (news_.changed.empty() && !news_.ready && !news_.remote_due) return;
    const std::lock_guard lock(listener_mutex_);
    if (listener_ == nullptr) return;
    for (const auto& job : news_.changed) listener_->job_changed(job);
    if (news_.ready) listener_->jobs_ready();
    if (news_.remote_due) listener_->remote_work_due();
}

// Passive, because it lets readers be. Only if readers have kept the WAL from starting over for very long
// does the writer wait for them (bounded by the busy time-out), so that the file cannot grow without end.
void GroupWriter::checkpoint_if_due() {
    if (wal_pages_ < next_checkpoint_ || broken_) return;
    const bool overdue = wal_pages_ > 16 * options_.checkpoint_pages;
    int pages = 0;
    int moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        db_->handle(), nullptr, overdue ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &pages,
        &moved);
    // If all has moved, the next commit starts the WAL over; if readers were in the way, try again a little
    // later.
    next_checkpoint_ = code == SQLITE_OK && moved == pages ? options_.checkpoint_pages
                                                           : wal_pages_ + options_.checkpoint_pages / 4;
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return;
    const auto failure = SqlFailure::of(db_->handle(), "moving the write-ahead log into the database");
    log::warning("checkpoint failed", {{"detail", failure.what()}});
    if (failure.kind() == StoreErrorKind::broken) broken_ = failure.error();
}

}  // namespace darkroom::store
