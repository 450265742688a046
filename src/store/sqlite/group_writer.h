// The one thread that writes. Callers hand in work and block; whatever is waiting when the disk becomes free
// runs in one transaction and is synced once, so 64 callers share the price of one sync (group commit). There
// is no artificial wait: the sync of one batch is the time in which the next one gathers.
//
// Work runs without savepoints. If any of it fails, the whole transaction is rolled back and each piece runs
// again in a transaction of its own, so work must be repeatable: it reads what it captured and leaves its
// answer in its return value. Nothing is acknowledged before its COMMIT succeeded. A disk error ends writing
// for good; a full disk only fails what did not fit.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/sqlite/database.h"

namespace darkroom::store {

/// What a transaction has to tell the listener once it is committed.
struct News {
    std::vector<JobId> changed;
    bool ready = false;       // something can be claimed now
    bool remote_due = false;  // a remote job or the inbox wants attention now
};

struct Transaction {
    Database& db;
    News& news;
};

class GroupWriter {
public:
    struct Options {
        std::size_t batch_max =
            512;  // operations in one transaction: bounds how long the first one waits for the last
        int checkpoint_pages = 4'000;  // of WAL, 16 MB, before they are moved into the database
    };

    GroupWriter(std::unique_ptr<Database> db, Options options);
    /// Finishes what was handed in, then stops.
    ~GroupWriter();

    /// Runs `work(Transaction&)` on the writer's thread and returns what it returned, once that is durable.
    /// There is no deadline: giving up on a commit under way would leave the caller with a guess. The disk's
    /// own time-outs end it.
    template <class Work>
    auto run(Work work) -> ports::StoreResult<std::invoke_result_t<Work&, Transaction&>> {
        Task<Work> task(std::move(work));
        wait_for(task);
        return std::move(task).outcome();
    }

    void set_listener(ports::StoreListener* listener);

private:
    class AnyTask {
    public:
        virtual ~AnyTask() = default;
        virtual void perform(Transaction& transaction) = 0;
        virtual void fail(const ports::StoreError& error) = 0;
    };

    template <class Work>
    class Task final : public AnyTask {
    public:
        using Value = std::invoke_result_t<Work&, Transaction&>;
        explicit Task(Work work) : work_(std::move(work)) {}
        void perform(Transaction& transaction) override { outcome_.emplace(work_(transaction)); }
        void fail(const ports::StoreError& error) override { outcome_.emplace(Fail(error)); }
        ports::StoreResult<Value> outcome() && { return *std::move(outcome_); }

    private:
        Work work_;
        std::optional<ports::StoreResult<Value>> outcome_;
    };

    /// Shared by the writer and the callers in it, because the last of them may look at `done` when the
    /// writer is far ahead.
    struct Batch {
        std::vector<AnyTask*> tasks;
        std::atomic<int> done{0};  // one flag for all, so that one system call wakes everybody
    };

    void wait_for(AnyTask& task);
    std::shared_ptr<Batch> next_batch();
    void write();
    void commit(Batch& batch);
    std::optional<ports::StoreError> try_together(const std::vector<AnyTask*>& tasks);
    void perform_all(const std::vector<AnyTask*>& tasks);
    void tell_listener();
    void checkpoint_if_due();

    std::unique_ptr<Database> db_;
    const Options options_;

    std::mutex mutex_;  // of the queue
    std::condition_variable work_arrived_;
    std::deque<std::shared_ptr<Batch>> waiting_;
    bool writer_sleeps_ = false;
    bool stopping_ = false;

    std::mutex listener_mutex_;  // held while the listener is told, so that it can be taken away safely
    ports::StoreListener* listener_ = nullptr;

    // The writer thread's own.
    News news_;
    std::optional<ports::StoreError> broken_;
    int wal_pages_ = 0;
    int next_checkpoint_ = 0;

    std::thread thread_;  // last, so that it ends before what it uses
};

}  // namespace darkroom::store
