#include "store/sql/chain_rows.h"

#include <algorithm>

#include "store/sql/attempt_rows.h"
#include "store/sql/images_json.h"

namespace darkroom::store {
namespace {

const StepRow* step_named(const std::vector<StepRow>& steps, const std::string& name) {
    const auto found =
        std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.state.name == name; });
    return found == steps.end() ? nullptr : &*found;
}

std::optional<AttemptResult> result_of(Database& db, const StepRow& step) {
    if (!step.selected_attempt) return std::nullopt;
    return find_result(db, step.seq, *step.selected_attempt);
}

const core::OutputImage* output_in(const AttemptResult& result, const std::string& role) {
    const auto found = std::find_if(result.outputs.begin(), result.outputs.end(),
                                    [&](const auto& output) { return output.role == role; });
    return found == result.outputs.end() ? nullptr : &*found;
}

}  // namespace

std::vector<StepRow> list_steps(Database& db, std::int64_t chain_seq) {
    auto rows = db.query(
        "SELECT seq, id, type, status, step, from_step, from_role, inputs = '[]', error_code, error_message,"
        " selected_attempt FROM jobs INDEXED BY jobs_by_chain WHERE chain_seq = ? ORDER BY "
        "seq",
        chain_seq);
    std::vector<StepRow> steps;
    while (rows.next()) {
        StepRow step;
        step.seq = rows.integer(0);
        step.id = rows.id<JobId>(1);
        step.type = rows.text(2);
        step.state.status = rows.status(3);
        step.state.name = rows.text(4);
        step.state.from = rows.text(5);
        step.from_role = rows.text(6);
        step.state.waits = rows.integer(7) != 0 && !step.state.from.empty();
        step.error = error_in(rows, 8, 9);
        step.selected_attempt = rows.optional_id<AttemptId>(10);
        steps.push_back(std::move(step));
    }
    return steps;
}

JobId chain_id(Database& db, std::int64_t chain_seq) {
    auto rows = db.query("SELECT id FROM jobs WHERE seq = ?", chain_seq);
    if (!rows.next()) throw SqlFailure::damaged("a step has no chain");
    return rows.id<JobId>(0);
}

// Its owner's cancel is the last word on what is being made; on what retention took nothing can be built.
bool chain_takes_late_success(Database& db, std::int64_t chain_seq) {
    return db.integer(
               "SELECT status <> 'CANCELLED' AND inputs_removed_at IS NULL AND outputs_removed_at IS NULL"
               " FROM jobs WHERE seq = ?",
               chain_seq) != 0;
}

bool chain_lost_objects(Database& db, std::int64_t chain_seq) {
    return db.integer(
               "SELECT inputs_removed_at IS NOT NULL OR outputs_removed_at IS NOT NULL FROM jobs WHERE seq = "
               "?",
               chain_seq) != 0;
}

std::optional<core::InputImage> made_for(Database& db, const std::vector<StepRow>& steps,
                                         const StepRow& step) {
    const auto* const source = step_named(steps, step.state.from);
    const auto result = source != nullptr ? result_of(db, *source) : std::nullopt;
    const auto* const output = result ? output_in(*result, step.from_role) : nullptr;
    if (output == nullptr) return std::nullopt;
    return core::InputImage{.name = step.state.from + "." + step.from_role,
                            .key = output->key,
                            .content_type = output->content_type,
                            .bytes = output->bytes,
                            .width = output->width,
                            .height = output->height,
                            .sha256 = output->sha256,
                            .version = {}};
}

void set_inputs(Database& db, std::int64_t seq, const std::vector<core::InputImage>& inputs) {
    const auto json = to_json(inputs);
    db.post("UPDATE jobs SET inputs = ?2 WHERE seq = ?1", seq, json);
}

void show_steps(Database& db, std::int64_t chain_seq, core::Job& chain) {
    const auto steps = list_steps(db, chain_seq);
    for (const auto& step : steps)
        chain.steps.push_back({step.state.name, step.id, step.type, step.state.status, step.error});
    if (chain.status != core::Status::succeeded) return;
    for (const auto& shown : chain.chain_outputs) {
        const auto* const step = step_named(steps, shown.step);
        const auto result = step != nullptr ? result_of(db, *step) : std::nullopt;
        const auto* const output = result ? output_in(*result, shown.step_role) : nullptr;
        if (output == nullptr) continue;  // a mask that was not made, for example
        chain.outputs.push_back(*output);
        chain.outputs.back().role = shown.role;
        if (shown.role == "main") chain.thumbnail = result->thumbnail;
    }
}

}  // namespace darkroom::store
