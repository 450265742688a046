#include "core/job_machine.h"

#include "base/check.h"

namespace darkroom::core {
namespace {

struct Row {
    Status from;
    JobEventKind event;
    Transition transition;
};

using enum Status;
using enum JobEventKind;
using enum Effect;

constexpr Effect end_of_work = close_attempt | free_slot;

constexpr Row table[] = {
    {queued, claim, {dispatched, dispatched, dequeue | open_attempt}},
    {queued, cancel, {cancelled, std::nullopt, dequeue | finish}},
    {queued, succeed_late, {succeeded, std::nullopt, dequeue | select_attempt | finish}},

    {dispatched, start, {running, running, none}},
    {dispatched, succeed, {succeeded, succeeded, end_of_work | select_attempt | finish}},
    {dispatched, retry_later, {queued, failed, end_of_work | enqueue}},
    {dispatched, give_up, {failed, failed, end_of_work | finish}},
    {dispatched, cancel, {cancelled, cancelled, close_attempt | stop_backend | finish}},
    {dispatched, give_back, {queued, std::nullopt, drop_attempt | free_slot | enqueue}},

    {running, succeed, {succeeded, succeeded, end_of_work | select_attempt | finish}},
    {running, retry_later, {queued, failed, end_of_work | enqueue}},
    {running, give_up, {failed, failed, end_of_work | finish}},
    {running, cancel, {cancelled, cancelled, close_attempt | stop_backend | finish}},

    {failed, requeue, {queued, std::nullopt, enqueue | reopen}},
    {failed, succeed_late, {succeeded, std::nullopt, select_attempt | reopen | finish}},
    {cancelled, requeue, {queued, std::nullopt, enqueue | reopen}},

    {succeeded, rerun, {queued, std::nullopt, enqueue | reopen}},
    {failed, rerun, {queued, std::nullopt, enqueue | reopen}},
    {cancelled, rerun, {queued, std::nullopt, enqueue | reopen}},
};

constexpr std::string_view status_names[] = {"QUEUED",    "DISPATCHED", "RUNNING",
                                             "SUCCEEDED", "FAILED",     "CANCELLED"};
static_assert(std::size(status_names) == status_count);

constexpr std::string_view event_names[] = {"claim",  "start",   "succeed",   "retry_later",  "give_up",
                                            "cancel", "requeue", "give_back", "succeed_late", "rerun"};
static_assert(std::size(event_names) == job_event_kind_count);

}  // namespace

std::string_view to_string(Status status) { return status_names[static_cast<int>(status)]; }
std::string_view to_string(JobEventKind kind) { return event_names[static_cast<int>(kind)]; }

std::optional<Status> parse_status(std::string_view name) {
    for (int i = 0; i < status_count; ++i) {
        if (status_names[i] == name) return static_cast<Status>(i);
    }
    return std::nullopt;
}

std::optional<Transition> next(Status current, JobEventKind event, bool shows_result) {
    for (const auto& row : table) {
        if (row.from != current || row.event != event) continue;
        auto transition = row.transition;
        const bool loses = transition.job == failed || transition.job == cancelled;
        if (loses && shows_result) transition.job = succeeded;
        return transition;
    }
    return std::nullopt;
}

}  // namespace darkroom::core
