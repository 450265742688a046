// Looks after everything that runs elsewhere until it has ended: reads what came in, looks at each remote job
// when it is due, and learns what is due from the store alone, so that it goes on where a process that died
// left off. Several threads share the work; one attempt is in one thread's hand at a time.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "dispatch/collector.h"
#include "dispatch/follow_schedule.h"
#include "dispatch/inbox_reader.h"
#include "dispatch/remote_ends.h"
#include "dispatch/remote_outputs.h"
#include "dispatch/remote_sites.h"
#include "dispatch/remote_watch.h"
#include "dispatch/this_node.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/picture_work.h"
#include "ports/random.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

struct FollowerSettings {
    FollowTimes times;
    RemoteOutputsSettings outputs;
    Milliseconds inbox_kept{86'400'000};  // of what is settled; also how long ids of callbacks count
    ports::Meters* meters = &ports::no_meters();
    const ports::Nodes* nodes = nullptr;  // none: no other process can take over what this one holds
};

/// Called from any thread; must be quick.
struct FollowerHooks {
    RemoteWatch::SubmitAgain submit_again;     // Submitter::submit_again
    std::function<void()> first_pass = [] {};  // first_pass_done() has become true
};

/// Safe to use from many threads at once.
class Follower {
public:
    /// All references outlive the follower.
    Follower(ports::JobStore& jobs, ports::RemoteJobStore& remote_jobs, const RemoteSites& sites,
             Collector& collector, ports::PictureWork& pictures, const ports::Clock& clock,
             ports::Random& random, FollowerSettings settings, FollowerHooks hooks);

    /// Follows until stop(); called by each of the threads that are to do so.
    void run();
    /// Ends every run() after the step it is in; calls to remote endpoints other than submits are cut short,
    /// for good.
    void stop();
    /// Something may be due: StoreListener::remote_work_due(). Any thread, quick.
    void wake();
    /// Whatever was due when this began has been followed once, the inbox included: nothing that an earlier
    /// process left will be mistaken for lost work.
    bool first_pass_done() const { return first_pass_done_; }

    /// Follows in the calling thread what is due now and in nobody's hand. False if the store did not answer
    /// or did not take something.
    bool run_round();

private:
    /// What came in about one attempt, or that one of its remote jobs is due.
    struct Errand {
        AttemptId attempt;
        std::vector<ports::InboxEntry> entries;
        NodeId holder;  // as which this node listed it
    };
    struct Listing {
        std::vector<Errand> errands;
        std::optional<TimePoint> next_look;
        bool more = false;       // than one listing holds
        bool left_over = false;  // due since before the start, done by nobody yet
    };

    std::optional<Errand> take();
    bool begin_listing();
    std::optional<Listing> list();
    void hand_out(std::optional<Listing> listing);
    bool do_errand(const Errand& errand);
    void put_back(const Errand& errand);
    void forget_old();
    Instant next_listing() const;

    ports::RemoteJobStore& remote_jobs_;
    const RemoteSites& sites_;
    const ports::Clock& clock_;
    const FollowerSettings settings_;
    const FollowerHooks hooks_;
    const ThisNode node_;
    RemoteOutputs outputs_;
    RemoteEnds ends_;
    RemoteWatch watch_;
    InboxReader inbox_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> first_pass_done_{false};

    mutable std::mutex mutex_;  // of what follows
    std::deque<Errand> waiting_;
    std::set<AttemptId> in_hand_;  // waiting ones included
    bool listing_ = false;
    std::set<AttemptId> released_meanwhile_;  // since the listing began
    bool list_failed_ = false;
    bool changed_ = true;   // since the last listing
    bool skipped_ = false;  // the last listing left out something that was in hand
    Instant list_at_{};
    std::optional<TimePoint> started_at_;
    Instant forget_at_{};
    std::vector<ports::WakeUp*> threads_;
};

}  // namespace darkroom::dispatch
