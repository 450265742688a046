// Darkroom's side of the comparison: a store behind its port, producers as handlers of requests would be, and
// a dispatcher with workers that do nothing. One command at a time.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "ports/job_store.h"
#include "ports/random.h"

namespace darkroom::bench {

/// Counts what was worked on, and how long it had waited.
class IdleWorkers : private ports::StoreListener {
public:
    /// Work begins at once.
    explicit IdleWorkers(ports::JobStore& store);
    IdleWorkers(const IdleWorkers&) = delete;
    IdleWorkers& operator=(const IdleWorkers&) = delete;
    /// Ends what has been claimed.
    ~IdleWorkers() override;

    std::int64_t worked() const;
    /// False: they were not done in time.
    bool wait_until_worked(std::int64_t jobs) const;
    /// Of the jobs that said when they were sent, in milliseconds; empty afterwards.
    std::vector<double> take_latencies();

private:
    void jobs_ready() override;
    void job_changed(const JobId&) override {}
    void dispatch();
    void work();
    void wait_for_jobs();
    int free_slots();

    ports::JobStore& store_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;  // there is room or a job again, or it is time to stop
    std::condition_variable claimed_;
    std::deque<ports::Claimed> waiting_;
    std::vector<double> latencies_;
    int inflight_ = 0;
    std::int64_t worked_ = 0;
    bool ready_ = true;  // something may be claimable
    bool stopping_ = false;
    bool dispatched_all_ = false;
    mutable std::int64_t awaited_ = 0;  // so many worked on: somebody waits for that
    std::vector<std::thread> workers_;
    std::thread dispatcher_;
};

/// A job with the params and metadata of an ordinary request; it says when it was sent, unless `sent_ns` is
/// 0.
ports::NewJob sent_job(ports::Random& random, int number, std::int64_t sent_ns, const std::string& backend);

/// The machine's monotonic clock, the same in all processes.
std::int64_t monotonic_ns();

}  // namespace darkroom::bench
