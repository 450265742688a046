#include "store/sql/chain_steps.h"

#include <algorithm>

#include "base/json.h"
#include "store/sql/attempt_rows.h"
#include "store/sql/chain_rows.h"
#include "store/sql/event_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/retention.h"

namespace darkroom::store {
namespace {

using core::JobEventKind;
using core::Status;

const std::string own_actor = "chain";

Change owners_change(JobEventKind kind, const std::string& actor, TimePoint now) {
    return {.kind = kind, .actor = actor, .now = now, .attempt = {}, .attempt_id = {}, .due = {}};
}

JobHead head_of(Database& db, std::int64_t seq) {
    auto head = find_job_head(db, seq);
    if (!head) throw SqlFailure::damaged("a chain or a step is missing");
    return *std::move(head);
}

// {"step":…,"job":…}, and "error" of one that failed.
std::string step_data(const StepRow& step) {
    std::string json = R"({"step":)";
    append_json_string(json, step.state.name);
    json += R"(,"job":")" + step.id.str() + "\"";
    if (!step.error) return json + "}";
    return json + "," + failure_data(*step.error, std::nullopt).substr(1);
}

void tell_step(Transaction& transaction, const JobHead& chain, const StepRow& step, TimePoint now) {
    auto change = owners_change(JobEventKind::start, own_actor, now);
    change.data_json = step_data(step);
    tell(transaction, chain, step.state.status == Status::failed ? "step_failed" : "step_succeeded", change);
}

void move_chain(Transaction& transaction, JobHead& chain, Status to, JobEventKind kind, const Change& by) {
    const auto from = chain.status;
    const auto since = chain.updated_at;
    chain.status = to;
    chain.updated_at = by.now;
    if (to == Status::running && !chain.started_at) chain.started_at = by.now;
    chain.finished_at.reset();
    if (to != Status::failed) chain.error.reset();
    if (core::is_terminal(to)) chain.finished_at = by.now;
    update_job(transaction, chain, from);
    if (core::is_terminal(to)) note_end(transaction, chain, by.now);
    tell(transaction, chain, std::string(core::to_string(kind)), by);
    auto move = move_of(chain, kind, since, by.now);
    if (chain.error) move.error = chain.error->code;
    transaction.news.moves.push_back(std::move(move));
}

// The first that failed says why.
core::JobError error_of(const std::vector<StepRow>& steps) {
    const auto failed = std::find_if(steps.begin(), steps.end(), [](const auto& step) {
        return step.state.status == Status::failed && step.error;
    });
    if (failed == steps.end()) throw SqlFailure::damaged("a step failed without an error");
    return {failed->error->code, "step '" + failed->state.name + "': " + failed->error->message};
}

// There is nothing to work on, and no attempt to tell it: the table of events knows no such end.
void fail_without_input(Transaction& transaction, const JobHead& chain, StepRow& row, TimePoint now) {
    auto step = head_of(transaction.db, row.seq);
    const auto from = step.status;
    step.status = Status::failed;
    step.updated_at = now;
    step.finished_at = now;
    step.error = core::JobError{core::ErrorCode::input_missing,
                                "step '" + row.state.from + "' made no '" + row.from_role + "' to work on"};
    update_job(transaction, step, from);
    auto change = owners_change(JobEventKind::give_up, own_actor, now);
    change.data_json = failure_data(*step.error, std::nullopt);
    tell(transaction, step, std::string(core::to_string(change.kind)), change);
    row.state.status = Status::failed;
    row.error = step.error;
    tell_step(transaction, chain, row, now);
}

void begin_step(Transaction& transaction, const JobHead& chain, std::vector<StepRow>& steps,
                std::size_t place, TimePoint now) {
    auto& step = steps[place];
    auto& db = transaction.db;
    const auto made = made_for(db, steps, step);
    if (!made) return fail_without_input(transaction, chain, step, now);
    set_inputs(db, step.seq, {*made});
    enqueue(transaction, head_of(db, step.seq));
    transaction.news.changed.push_back(step.id);
}

void change_step(Transaction& transaction, const StepRow& step, const Change& change) {
    auto head = head_of(transaction.db, step.seq);
    if (!perform(transaction, head, change)) throw SqlFailure::damaged("a step's status");
}

void requeue_step(Transaction& transaction, const StepRow& step, const std::string& actor, TimePoint now) {
    auto change = owners_change(JobEventKind::requeue, actor, now);
    change.waits = step.state.waits;
    change_step(transaction, step, change);
}

std::vector<core::StepState> states_of(const std::vector<StepRow>& steps) {
    std::vector<core::StepState> states;
    states.reserve(steps.size());
    for (const auto& step : steps) states.push_back(step.state);
    return states;
}

// Does what core says until it says nothing more.
void advance(Transaction& transaction, JobHead& chain, TimePoint now) {
    for (;;) {
        auto steps = list_steps(transaction.db, chain.seq);
        const auto progress = core::progress_of(chain.status, states_of(steps));
        for (const auto place : progress.revive) requeue_step(transaction, steps[place], own_actor, now);
        for (const auto place : progress.give_up)
            change_step(transaction, steps[place], owners_change(JobEventKind::cancel, own_actor, now));
        for (const auto place : progress.begin) begin_step(transaction, chain, steps, place, now);
        if (!progress.steady()) continue;
        if (progress.chain == chain.status) return;
        auto by = owners_change(JobEventKind::start, own_actor, now);
        auto kind = progress.chain == Status::failed ? JobEventKind::give_up : JobEventKind::succeed;
        if (chain.status == Status::failed) kind = JobEventKind::succeed_late;
        if (kind == JobEventKind::give_up) {
            chain.error = error_of(steps);
            by.data_json = failure_data(*chain.error, std::nullopt);
        }
        return move_chain(transaction, chain, progress.chain, kind, by);
    }
}

bool tells_in_chain(JobEventKind kind) {
    return kind == JobEventKind::succeed || kind == JobEventKind::succeed_late ||
           kind == JobEventKind::give_up;
}

}  // namespace

void begin_chain(Transaction& transaction, const JobId& id, TimePoint now) {
    auto chain = find_job_head(transaction.db, ports::Access::everyone(), id);
    if (!chain) throw SqlFailure::damaged("a chain is missing");
    advance(transaction, *chain, now);
}

void follow_step(Transaction& transaction, const JobHead& step, JobEventKind kind, TimePoint now) {
    if (!step.chain_seq) return;
    auto chain = head_of(transaction.db, *step.chain_seq);
    if (core::begins_chain(kind) && chain.status == Status::queued) {
        move_chain(transaction, chain, Status::running, JobEventKind::start,
                   owners_change(JobEventKind::start, own_actor, now));
    }
    if (tells_in_chain(kind)) {
        for (const auto& row : list_steps(transaction.db, chain.seq)) {
            if (row.seq == step.seq) tell_step(transaction, chain, row, now);
        }
    }
    advance(transaction, chain, now);
}

ports::CancelOutcome cancel_chain(Transaction& transaction, JobHead& chain, const std::string& actor,
                                  TimePoint now) {
    if (core::is_terminal(chain.status)) return ports::NotAllowedNow{chain.status};
    auto& db = transaction.db;
    ports::JobCancelled cancelled;
    for (const auto& step : list_steps(db, chain.seq)) {
        if (core::is_terminal(step.state.status)) continue;
        auto head = head_of(db, step.seq);
        auto change = owners_change(JobEventKind::cancel, actor, now);
        if (step.state.status != Status::queued) {
            change.attempt = head.attempt_count;
            change.attempt_id = attempt_id(db, head.seq, head.attempt_count);
            if (const auto row = find_inflight(db, *change.attempt_id)) change.endpoint = row->endpoint;
            cancelled.stop.push_back(*change.attempt_id);
            let_go(transaction, *change.attempt_id, "", now);
        }
        if (!perform(transaction, head, change)) throw SqlFailure::damaged("a step's status");
    }
    move_chain(transaction, chain, Status::cancelled, JobEventKind::cancel,
               owners_change(JobEventKind::cancel, actor, now));
    return cancelled;
}

ports::RequeueOutcome requeue_chain(Transaction& transaction, JobHead& chain, const std::string& actor,
                                    TimePoint now) {
    auto& db = transaction.db;
    if (chain.status != Status::failed && chain.status != Status::cancelled)
        return ports::NotAllowedNow{chain.status};
    const auto steps = list_steps(db, chain.seq);
    const bool keeps_some = std::any_of(
        steps.begin(), steps.end(), [](const auto& step) { return step.state.status == Status::succeeded; });
    if (inputs_removed(db, chain.seq) || (keeps_some && chain_lost_objects(db, chain.seq)))
        return ports::InputsRemoved{};
    note_reopening(db, chain);
    move_chain(transaction, chain, Status::queued, JobEventKind::requeue,
               owners_change(JobEventKind::requeue, actor, now));
    for (const auto& step : steps) {
        if (step.state.status != Status::succeeded) requeue_step(transaction, step, actor, now);
    }
    advance(transaction, chain, now);
    return ports::JobRequeued{};
}

}  // namespace darkroom::store
