// Brings queued jobs to backends: claims under each endpoint's limit, hands over, and lets the Collector hear
// the end. Remote endpoints are the RemoteLane's. Woken when something becomes ready, a slot is freed or a
// retry falls due; it never polls a quiet queue. Of several nodes each fills what it can, and any takes over
// what one that is gone has left.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/standing_trouble.h"
#include "core/retry.h"
#include "dispatch/collector.h"
#include "dispatch/open_attempts.h"
#include "dispatch/remote_lane.h"
#include "dispatch/storage_gate.h"
#include "dispatch/this_node.h"
#include "dispatch/work_order.h"
#include "ports/backend.h"
#include "ports/clock.h"
#include "ports/dispatch_control.h"
#include "ports/job_store.h"
#include "ports/meters.h"
#include "ports/object_store.h"
#include "ports/random.h"

namespace darkroom::dispatch {

struct DispatcherSettings {
    core::RetryPolicy retry;
    Milliseconds time_limit{600'000};        // of one attempt's work
    Milliseconds storage_patience{600'000};  // how long a result waits for the object store
    Fallback fallback = {};                  // none = a job goes on as it was, or fails
    RecipeLimit limit_of_recipe = {};        // none = time_limit holds for all
    ports::Meters* meters = &ports::no_meters();
    const ports::Nodes* nodes = nullptr;  // none: no other process can take over what this one holds
    Milliseconds take_over_every{0};      // what nodes held that are gone; 0 = at the start only
    bool dispatches = true;               // false: other nodes do, this one only watches the object store
};

class Dispatcher : public ports::DispatchControl {
public:
    /// The backends are borrowed and outlive the dispatcher.
    Dispatcher(ports::JobStore& store, ports::ObjectStore& objects, std::vector<ports::Backend*> backends,
               const ports::Clock& clock, ports::Random& random, DispatcherSettings settings);

    /// Ends and their writing down; for the submitter and the follower too.
    Collector& collector() { return collector_; }
    StorageGate& storage_gate() { return gate_; }
    /// From now on remote endpoints are filled too. Before recover(); borrowed until after stop().
    void use_remote(RemoteLane& lane) { lane_ = &lane; }

    /// Takes over what nodes held that are gone, an earlier process of this machine among them: what was at
    /// work on their machines is tried again, what runs elsewhere goes on and is the follower's. Before
    /// run(), which does so again and again. Asks the database only: what lies about in the object store is
    /// removed before the next dispatch, so that a storage that does not answer keeps no gateway from
    /// starting.
    ports::StoreResult<void> recover();
    /// Rounds until stop(); the thread that calls it is the dispatcher's.
    void run();
    /// Ends run() soon: nothing more is sent to work, what is at work goes on. Any thread.
    void stop_claiming() {
        stopping_ = true;
        wake();
    }
    /// Ends run(), stops all work on this machine and returns when every end of it is recorded. Interrupted
    /// jobs are queued again; what runs elsewhere goes on.
    void stop();

    /// Something may be ready. Any thread, quick.
    void wake() { wake_up_->set(); }
    /// StoreListener::look_again(): nodes may be gone. Any thread, quick.
    void look_again() {
        nodes_asked_ = true;
        attempts_to_stop();
    }
    /// StoreListener::attempts_to_stop(). Any thread, quick.
    void attempts_to_stop() {
        stops_asked_ = true;
        wake();
    }

    ports::StoreResult<ports::RoundReport> run_round() override;
    void stop_attempt(const AttemptId& attempt) override;
    std::optional<std::string> storage_trouble() const override { return gate_.trouble(); }
    std::optional<std::string> dispatch_trouble() const override;

private:
    bool works_here(const std::string& endpoint) const;
    ports::StoreResult<void> end_interrupted(const ports::InflightAttempt& inflight);
    void look_after_nodes();
    void stop_what_is_not_ours();
    bool look_at_own_work(bool is_time);
    void end_unknown(std::vector<ports::InflightAttempt> unknown);
    bool may_dispatch();
    bool left_overs_are_removed();
    ports::StoreResult<ports::Promotion> promote();
    ports::StoreResult<int> fill(ports::Backend& backend);
    ports::StoreResult<int> fill_remote();
    void tell_round(Instant began);
    Instant next_round_at(const ports::StoreResult<ports::Promotion>& promotion) const;

    ports::JobStore& store_;
    std::vector<ports::Backend*> backends_;
    const ports::Clock& clock_;
    DispatcherSettings settings_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    const ThisNode node_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> stops_asked_{false};
    std::atomic<bool> nodes_asked_{false};
    // Of the thread that runs.
    std::optional<Instant> take_over_at_;
    std::vector<ports::InflightAttempt> taken_over_;  // to be ended or followed
    std::set<AttemptId> unknown_;                     // held, and not at work, at the last look
    StandingTrouble take_over_trouble_;

    StandingTrouble claim_trouble_;
    OpenAttempts open_;
    StorageGate gate_;
    Collector collector_;
    RemoteLane* lane_ = nullptr;
    struct LeftOver {
        core::Job job;
        AttemptId attempt;
    };
    std::mutex left_overs_mutex_;
    std::vector<LeftOver> left_overs_;
    bool removing_left_overs_ = false;
};

}  // namespace darkroom::dispatch
