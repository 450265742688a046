// Claims for remote endpoints: which of them get how many jobs now. Left out are endpoints in trouble or on a
// ramp that is used up, those at RunPod while the day's spend cap is reached, and before the first pass over
// what an earlier process left (its jobs come first, and nothing that was perhaps sent is sent again). One
// endpoint takes all it has room for in one claim, so that the jobs of a batch go out together and one
// warm-up serves many; several of one kind share by weight.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/standing_trouble.h"
#include "dispatch/collector.h"
#include "dispatch/remote_sites.h"
#include "dispatch/spend_cap.h"
#include "dispatch/submitter.h"
#include "dispatch/weighted_turns.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

struct RemoteLaneParts {
    ports::JobStore& jobs;
    ports::RemoteJobStore& remote_jobs;
    const RemoteSites& sites;
    Submitter& submitter;
    Collector& collector;
    const ports::Clock& clock;
    SpendCap* spend_cap = nullptr;                                // none = no cap
    std::function<bool()> first_pass_done = [] { return true; };  // of the follower; quick
    std::function<void()> wake_follower = [] {};
};

/// Safe to use from many threads at once.
class RemoteLane {
public:
    explicit RemoteLane(RemoteLaneParts parts) : parts_(std::move(parts)) {}

    /// Frees the slot of an attempt taken over that nothing follows any more, because a process died between
    /// two writes, and has the follower look at once for what it was sending to a polled site. What is
    /// followed is left to the follower.
    ports::StoreResult<void> recover(const ports::InflightAttempt& inflight);
    /// Claims and hands to the submitter; how many.
    ports::StoreResult<int> fill();
    /// When fill() may find more to do although nobody says so.
    std::optional<Instant> next_round() const;
    int inflight_max() const;
    /// One line for each reason why less is sent than could be; empty = none.
    std::vector<std::string> troubles() const;
    /// The follower sees to remote attempts that are to stop.
    void stop_attempt() const { parts_.wake_follower(); }

private:
    struct Room {
        ports::RemoteBackend* site;
        int allowance;
    };

    const ports::RemoteBackend* find_site(const std::string& endpoint) const;
    ports::StoreResult<void> look_now_at_intended(const std::vector<ports::RemoteJob>& rows);
    std::map<std::string, std::vector<Room>> find_rooms();
    ports::StoreResult<int> fill_kind(const std::vector<Room>& rooms);
    ports::StoreResult<int> fill_one(const Room& room, int jobs_max);
    ports::StoreResult<std::vector<WeightedTurns::Member>> members_of(const std::vector<Room>& rooms);
    ports::StoreResult<int> fill_pass(const std::vector<Room>& rooms,
                                      std::vector<WeightedTurns::Member>& members, int jobs);

    const RemoteLaneParts parts_;
    std::mutex mutex_;  // of what follows
    WeightedTurns turns_;
    StandingTrouble claim_trouble_;
};

}  // namespace darkroom::dispatch
