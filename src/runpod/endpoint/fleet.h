// The workers that have come, and how the platform starts and stops them. Real programs poll for jobs all the
// time; the fleet decides which of them count as started. One that is not started gets no job and costs
// nothing, as if its container were down; starting takes the cold start, an idle one stops after its idle
// time, and no more than `max` run. Pure state, one thread, time handed in.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "runpod/protocol/health.h"

namespace darkroom::runpod::endpoint {

struct Scaling {
    enum class Kind { queue_delay, request_count };
    int workers_min = 0;
    int workers_max = 10;
    Milliseconds idle_timeout{10'000};
    Kind kind = Kind::request_count;
    Milliseconds queue_delay{4'000};
    int request_count = 1;
};

/// The platform's side of the model, which no API changes.
struct FleetRules {
    Milliseconds cold_start{0};
    int throttled = 0;                  // workers for which there is no machine
    Milliseconds absent_after{2'000};   // without a poll that waits: its container must have died
    Milliseconds attached_for{60'000};  // after its last sign a worker still counts as there
    Milliseconds lost_after{30'000};    // a worker with a job that gives no sign is lost
};

struct Demand {
    std::size_t queued = 0;  // normal jobs
    std::size_t running = 0;
    Milliseconds longest_wait{0};
};

class Fleet {
public:
    enum class State { stopped, initializing, idle, running, unhealthy };
    struct Worker {
        std::string id;
        std::string gpu;
        Instant first_seen;
        Instant seen;    // any sign: heartbeats come from a process of their own, which may outlive it
        Instant polled;  // asked for a job
        std::optional<Instant> started;  // counts as running since then
        Instant ready;                   // end of the cold start
        Instant idle_since;
        std::set<std::string> jobs;
        int polls = 0;                  // long polls for jobs that are open
        bool is_presumed_dead = false;  // it lost a job and has given no sign since
        std::string unhealthy_reason;   // empty = healthy
        State state(Instant now) const;
    };
    /// A worker that stopped; it was billed from `started` on.
    struct Stop {
        std::string worker;
        Instant started;
    };

    Fleet(Scaling scaling, FleetRules rules) : scaling_(scaling), rules_(rules) {}

    const Scaling& scaling() const { return scaling_; }
    void set_scaling(const Scaling& scaling) { scaling_ = scaling; }
    const FleetRules& rules() const { return rules_; }
    void set_throttled(int workers) { rules_.throttled = workers; }
    void set_cold_start(Milliseconds cold_start) { rules_.cold_start = cold_start; }

    /// A sign of life; makes the worker known.
    void seen(const std::string& worker, const std::string& gpu, Instant now);
    /// It asks for a job.
    void polled(const std::string& worker, Instant now);
    /// A long poll for jobs is open from the one to the other.
    void poll_begins(const std::string& worker, Instant now);
    void poll_ends(const std::string& worker, Instant now);
    void presume_dead(const std::string& worker);
    void unhealthy(const std::string& worker, const std::string& reason, Instant now);
    void took(const std::string& worker, const std::string& job);
    /// Twice is safe, and so is a job that the worker never had.
    void gave_back(const std::string& worker, const std::string& job, Instant now);

    /// Starts, stops and forgets workers as the demand asks; returns those that stopped.
    std::vector<Stop> scale(const Demand& demand, Instant now);
    bool may_take(const std::string& worker, Instant now) const;
    bool is_lost(const std::string& worker, Instant now) const;

    WorkerCounts counts(Instant now) const;
    const std::map<std::string, Worker>& workers() const { return workers_; }

private:
    bool is_there(const Worker& worker, Instant now) const;
    int capacity() const;
    int started() const;
    int wanted(const Demand& demand) const;
    void stop(Worker& worker, std::vector<Stop>& stops);
    void stop_idle(Instant now, int wanted, std::vector<Stop>& stops);
    void start_some(Instant now, int wanted);

    Scaling scaling_;
    FleetRules rules_;
    std::map<std::string, Worker> workers_;
};

}  // namespace darkroom::runpod::endpoint
