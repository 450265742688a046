// The endpoint's jobs and their way: queue, dispatch under a lease, end, retention. Normal jobs go before
// low-priority ones, each first come first served. A job whose worker is lost goes back to the queue once and
// fails the second time. Pure state, one thread, time handed in.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runpod/endpoint/job.h"

namespace darkroom::runpod::endpoint {

struct JobRules {
    Milliseconds run_retention{1'800'000};
    Milliseconds sync_retention{60'000};
    Milliseconds lease{40'000};  // without a sign of the job, its worker is taken for lost
    int losses_max = 1;          // that are repeated
    std::size_t chunk_bytes_max = 32u << 20;
    JobState state_after_timeout = JobState::timed_out;  // or failed
};

struct JobTotals {
    std::int64_t completed = 0;
    std::int64_t failed = 0;  // or timed out
    std::int64_t retried = 0;
};

/// What time did to a job.
struct Expiry {
    enum class What { requeued, lost, timed_out, ttl_over, forgotten };
    What what;
    Job job;               // as it is afterwards; for ttl_over and forgotten, as it was
    std::string worker;    // that had it, to be told to stop; empty = none
    Milliseconds busy{0};  // that it worked in vain
};

class JobTable {
public:
    explicit JobTable(JobRules rules) : rules_(rules) {}

    void add(Job job);
    Job* find(const std::string& id);
    void remove(const std::string& id);

    /// Up to `count` jobs for `worker`, which holds them from now on.
    std::vector<Job*> take(const std::string& worker, std::size_t count, Instant now);
    /// Gives a running job to one more worker, the next that asks and does not have it.
    void offer_again(const std::string& id);
    /// Ends a job that has not ended. Its output or error is set by the caller before.
    void end(Job& job, JobState state, Instant now);
    /// Back to the queue, as /retry does with a job that failed.
    void restart(Job& job, Instant now);
    /// Removes what waits in the queue; running jobs stay.
    std::vector<Job> purge();
    /// `lost` tells whether a worker has been silent for too long.
    std::vector<Expiry> expire(Instant now, const std::function<bool(const std::string& worker)>& lost);

    std::size_t queued() const { return queued_; }
    std::size_t running() const { return running_; }
    /// Jobs that call for workers: normal ones in the queue and how long the first of them has waited.
    std::size_t wanting_workers() const;
    Milliseconds longest_wait(Instant now) const;
    const JobTotals& totals() const { return totals_; }
    const std::unordered_map<std::string, Job>& jobs() const { return jobs_; }

private:
    void enqueue(Job& job);
    void leave_state(const Job& job);
    Job* next_for(const std::string& worker);
    Job* first_in(std::deque<std::string>& queue);
    void dispatch(Job& job, const std::string& worker, Instant now);
    bool expire_one(Job& job, Instant now, const std::function<bool(const std::string&)>& lost,
                    std::vector<Expiry>& expiries);
    void lose(Job& job, Instant now, std::vector<Expiry>& expiries);

    JobRules rules_;
    std::unordered_map<std::string, Job> jobs_;
    std::deque<std::string> normal_;  // ids; some may have left the queue since
    std::deque<std::string> low_;
    std::deque<std::string> again_;  // running, for one more worker
    std::size_t queued_ = 0;
    std::size_t running_ = 0;
    std::size_t normal_queued_ = 0;
    JobTotals totals_;
};

}  // namespace darkroom::runpod::endpoint
