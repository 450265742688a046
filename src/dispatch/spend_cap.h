// How much may be spent on remote work in a UTC day. Over it no more jobs are sent to where they are paid
// for; what runs there already is not touched, so the last jobs may go a little beyond.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "dispatch/this_node.h"
#include "ports/clock.h"
#include "ports/remote_job_store.h"

namespace darkroom::dispatch {

/// Safe to use from many threads at once.
class SpendCap {
public:
    /// Of several nodes only the one that leads tells in its log; `nodes` as in ThisNode.
    SpendCap(ports::RemoteJobStore& store, const ports::Clock& clock, std::int64_t cap_micro_usd,
             const ports::Nodes* nodes = nullptr)
        : store_(store), clock_(clock), cap_micro_usd_(cap_micro_usd), node_(nodes) {}

    /// Asks the store at most every five seconds. Also true while the store cannot say what was spent.
    bool reached();
    /// As last seen by reached(), for the operator; unset = not reached. Quick.
    std::optional<std::string> trouble() const;

private:
    using Day = std::chrono::sys_days;

    ports::RemoteJobStore& store_;
    const ports::Clock& clock_;
    const std::int64_t cap_micro_usd_;
    const ThisNode node_;
    mutable std::mutex mutex_;  // of what follows
    std::optional<Instant> seen_at_;
    Day seen_day_{};
    std::int64_t spent_micro_usd_ = 0;
    std::optional<Day> told_day_;
};

}  // namespace darkroom::dispatch
