// A thread that writes. Callers hand in work and block; whatever is waiting when the database becomes free
// runs in one transaction and is synced once, so 64 callers share the price of one sync (group commit). There
// is no artificial wait: the sync of one batch is the time in which the next one gathers.
//
// Work runs without savepoints. If any of it fails, the whole transaction is rolled back and each piece runs
// again in a transaction of its own, and some more times if somebody else's change came between; so work must
// be repeatable: it reads what it captured and leaves its answer in its return value. Nothing is acknowledged
// before its COMMIT succeeded. How transactions run, and which failures end writing for good, is the
// WriteSide's.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/gate.h"
#include "base/result.h"
#include "ports/job_store.h"
#include "ports/meters.h"
#include "store/sql/transaction.h"
#include "store/sql/write_side.h"

namespace darkroom::store {

class GroupWriter {
public:
    struct Options {
        std::size_t batch_max =
            512;        // operations in one transaction: bounds how long the first one waits for the last
        int tries = 6;  // of one piece that others come between
        std::string thread = "store-writer";
        FlowRules flow = {};
        std::string shard = "store";  // of its tallies: no other writer of any process has the same
        ports::Meters* meters = &ports::no_meters();  // outlives the writer
    };

    GroupWriter(std::unique_ptr<WriteSide> side, Options options);
    /// Finishes what was handed in, then stops.
    ~GroupWriter();

    /// Runs `work(Transaction&)` on the writer's thread and returns what it returned, once that is durable.
    /// There is no deadline: giving up on a commit under way would leave the caller with a guess. The disk's
    /// own time-outs end it.
    template <class Work>
    auto run(Work work, const Touched& touched = {})
        -> ports::StoreResult<std::invoke_result_t<Work&, Transaction&>> {
        Task<Work> task(std::move(work), touched);
        wait_for(task);
        return std::move(task).outcome();
    }

    void set_listener(ports::StoreListener* listener);
    ports::Meters& meters() const { return *options_.meters; }

private:
    class AnyTask {
    public:
        explicit AnyTask(const Touched& touches) : touched(touches) {}
        virtual ~AnyTask() = default;
        virtual void perform(Transaction& transaction) = 0;
        virtual void fail(const ports::StoreError& error) = 0;
        const Touched touched;
    };

    template <class Work>
    class Task final : public AnyTask {
    public:
        using Value = std::invoke_result_t<Work&, Transaction&>;
        Task(Work work, const Touched& touches) : AnyTask(touches), work_(std::move(work)) {}
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
        Gate done;  // one for all, so that one system call wakes everybody
    };

    void wait_for(AnyTask& task);
    std::shared_ptr<Batch> next_batch();
    void write();
    void commit(Batch& batch);
    std::optional<SqlFailure> try_alone(AnyTask& task);
    std::optional<SqlFailure> try_together(const std::vector<AnyTask*>& tasks);
    void perform_all(const std::vector<AnyTask*>& tasks);
    std::optional<SqlFailure> undo(SqlFailure failure);
    void tell_meters(std::chrono::steady_clock::time_point began, std::size_t tasks);
    void tell_listener();

    std::unique_ptr<WriteSide> side_;
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
    std::optional<SqlFailure> broken_;

    std::thread thread_;  // last, so that it ends before what it uses
};

}  // namespace darkroom::store
