// The life of a job as one table: status × event → status, the attempt's status, and what must be done with
// it. Stores perform a transition by compare-and-set; what the table does not allow changes nothing.
//
//              claim        start     succeed     retry_later  give_up   cancel      requeue   rerun
//  QUEUED      DISPATCHED   -         -           -            -         CANCELLED   -         -
//  DISPATCHED  -            RUNNING   SUCCEEDED   QUEUED       FAILED    CANCELLED   -         -
//  RUNNING     -            -         SUCCEEDED   QUEUED       FAILED    CANCELLED   -         -
//  SUCCEEDED   -            -         -           -            -         -           -         QUEUED
//  FAILED      -            -         -           -            -         -           QUEUED    QUEUED
//  CANCELLED   -            -         -           -            -         -           QUEUED    QUEUED
//
// A job that shows a result of an earlier attempt does not lose it: where a rerun would end FAILED or
// CANCELLED, the job is SUCCEEDED again, as it was.
//
// Where backends are remote, also: DISPATCHED × give_back → QUEUED, and QUEUED or FAILED × succeed_late →
// SUCCEEDED.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace darkroom::core {

/// Of a job and of an attempt alike; an attempt is never queued.
enum class Status { queued, dispatched, running, succeeded, failed, cancelled };
inline constexpr int status_count = 6;

std::string_view to_string(Status status);  // "QUEUED" ...
std::optional<Status> parse_status(std::string_view name);
constexpr bool is_terminal(Status status) { return status >= Status::succeeded; }

enum class JobEventKind {
    claim,         // a dispatcher took the job for an endpoint
    start,         // the backend began to work
    succeed,       // outputs are stored and checked
    retry_later,   // the attempt failed, another one follows
    give_up,       // the attempt failed, no other follows
    cancel,        // its owner does not want it any more
    requeue,       // its owner wants it after all
    give_back,     // the backend certainly did not take it: as if it had never been claimed
    succeed_late,  // an attempt that was taken for failed has a result after all
    rerun          // its owner wants another attempt with other params
};
inline constexpr int job_event_kind_count = 10;

std::string_view to_string(JobEventKind kind);  // "claim" ...

/// What a store does beside setting the statuses. Bits, because one event has several.
enum class Effect : std::uint32_t {
    none = 0,
    open_attempt = 1,     // a new attempt row and a row in flight, before any work
    close_attempt = 2,    // the attempt ends with Transition::attempt
    free_slot = 4,        // the backend no longer works on it: the row in flight goes
    stop_backend = 8,     // the backend must be told; the row in flight stays until it has stopped
    enqueue = 16,         // into ready, or into delayed when the retry has a date
    dequeue = 32,         // out of ready or delayed
    select_attempt = 64,  // the job now shows this attempt's outputs
    finish = 128,         // finished_at is set
    reopen = 256,         // finished_at and error are cleared, before finish sets them anew
    drop_attempt = 512    // the attempt's row goes: it was none
};
constexpr Effect operator|(Effect a, Effect b) { return Effect(std::uint32_t(a) | std::uint32_t(b)); }
constexpr bool has(Effect set, Effect one) { return (std::uint32_t(set) & std::uint32_t(one)) != 0; }

struct Transition {
    Status job;
    std::optional<Status> attempt;  // of the current attempt; nullopt = untouched
    Effect effects;
};

/// nullopt: the event comes too late or too early and changes nothing. `shows_result`: an attempt is
/// selected.
std::optional<Transition> next(Status current, JobEventKind event, bool shows_result = false);

}  // namespace darkroom::core
