#include "store/sql/job_rows.h"

#include "store/sql/attempt_rows.h"
#include "store/sql/chain_rows.h"
#include "store/sql/images_json.h"

namespace darkroom::store {
namespace {

#define JOB_HEAD_COLUMNS                                                                                \
    "seq, id, user_id, status, backend, priority, attempt_count, updated_at, started_at, finished_at, " \
    "error_code, "                                                                                      \
    "error_message, selected_attempt, thumbnail, attempts_forgiven, rerun_after, chain_seq, "           \
    "type, created_at, chain_outputs IS NOT NULL"
constexpr int head_columns = 20;

JobHead head_of(const Rows& rows) {
    JobHead head;
    head.seq = rows.integer(0);
    head.id = rows.id<JobId>(1);
    head.user = rows.user(2);
    head.status = rows.status(3);
    head.backend = rows.text(4);
    head.priority = static_cast<int>(rows.integer(5));
    head.attempt_count = static_cast<int>(rows.integer(6));
    head.updated_at = rows.time(7);
    head.started_at = rows.optional_time(8);
    head.finished_at = rows.optional_time(9);
    head.error = error_in(rows, 10, 11);
    head.selected_attempt = rows.optional_id<AttemptId>(12);
    head.thumbnail = rows.optional_key(13);
    head.attempts_forgiven = static_cast<int>(rows.integer(14));
    head.rerun_after = static_cast<int>(rows.integer(15));
    if (!rows.is_null(16)) head.chain_seq = rows.integer(16);
    head.type = rows.text(17);
    head.created_at = rows.time(18);
    head.is_chain = rows.integer(19) != 0;
    head.kept = {head.status, head.backend, {}, head.finished_at};
    if (head.error) head.kept.error = head.error->code;
    return head;
}

#define JOB_COLUMNS                                                                 \
    JOB_HEAD_COLUMNS                                                                \
    ", recipe, params, params_effective, inputs, metadata, webhook_url, "           \
    "inputs_removed_at, outputs_removed_at, recipe_digest, models, chain_outputs, " \
    "(SELECT chains.id FROM jobs AS chains WHERE chains.seq = jobs.chain_seq), step, from_step, from_role"

core::Job job_of(const Rows& rows, JobHead head) {
    core::Job job;
    job.id = head.id;
    job.user = std::move(head.user);
    job.status = head.status;
    job.backend = std::move(head.backend);
    job.priority = head.priority;
    job.updated_at = head.updated_at;
    job.started_at = head.started_at;
    job.finished_at = head.finished_at;
    job.error = std::move(head.error);
    job.selected_attempt = head.selected_attempt;
    job.thumbnail = std::move(head.thumbnail);
    job.attempts_forgiven = head.attempts_forgiven;
    job.type = std::move(head.type);
    job.recipe = rows.text(head_columns);
    job.params_json = rows.text(head_columns + 1);
    job.params_effective_json = rows.text(head_columns + 2);
    job.inputs = inputs_from_json(rows.bytes(head_columns + 3));
    job.metadata_json = rows.text(head_columns + 4);
    job.webhook_url = rows.optional_text(head_columns + 5);
    job.created_at = head.created_at;
    job.inputs_removed_at = rows.optional_time(head_columns + 6);
    job.outputs_removed_at = rows.optional_time(head_columns + 7);
    job.recipe_digest = rows.text(head_columns + 8);
    job.models_json = rows.text(head_columns + 9);
    if (head.is_chain) job.chain_outputs = chain_outputs_from_json(rows.bytes(head_columns + 10));
    if (const auto chain = rows.optional_id<JobId>(head_columns + 11)) {
        job.place = core::ChainPlace{*chain, rows.text(head_columns + 12), rows.text(head_columns + 13),
                                     rows.text(head_columns + 14)};
    }
    return job;
}

// A job of somebody else is as absent as one that never was.
bool visible(const Rows& rows, const ports::Access& access) { return access.allows(rows.user(2)); }

core::Job whole(Database& db, const Rows& rows, const JobHead& head) {
    auto job = job_of(rows, head);
    if (head.attempt_count > 0) job.attempts = list_attempts(db, head.seq);
    if (head.is_chain) show_steps(db, head.seq, job);
    for (const auto& attempt : job.attempts) {
        if (attempt.id == job.selected_attempt) job.outputs = attempt.outputs;
    }
    return job;
}

void tally_change(Tallies& tallies, const JobHead& head, const JobHead::Kept& now) {
    const auto& kept = head.kept;
    if (now.status == kept.status && now.backend == kept.backend && now.error == kept.error) return;
    tallies.add_job(kept.status, kept.backend, head.type, kept.error, -1);
    tallies.add_job(now.status, now.backend, head.type, now.error, 1);
}

void open_chain(Database& db, std::int64_t seq) {
    db.post("INSERT INTO open_chains (job_seq) VALUES (?)", seq);
}

// A step is found through its chain.
void list_change(Database& db, const JobHead& head, const JobHead::Kept& now) {
    const auto& kept = head.kept;
    if (head.chain_seq || (now.finished_at == kept.finished_at && now.status == kept.status)) return;
    if (kept.finished_at) remove_end(db, head.seq, *kept.finished_at);
    if (now.finished_at) {
        db.post("INSERT INTO ended_jobs (finished_at, job_seq, user_id, status) VALUES (?, ?, ?, ?)",
                *now.finished_at, head.seq, head.user, now.status);
    }
    if (!head.is_chain || now.finished_at.has_value() == kept.finished_at.has_value()) return;
    if (!now.finished_at) return open_chain(db, head.seq);
    db.post("DELETE FROM open_chains WHERE job_seq = ?", head.seq);
}

}  // namespace

const char* const job_head_columns = JOB_HEAD_COLUMNS;
const char* const job_head_sql = "SELECT " JOB_HEAD_COLUMNS " FROM jobs WHERE seq = ?";
const char* const whole_job_sql = "SELECT " JOB_COLUMNS " FROM jobs WHERE seq = ?";

std::optional<core::JobError> error_in(const Rows& rows, int code_column, int message_column) {
    if (rows.is_null(code_column)) return std::nullopt;
    const auto code = core::parse_error_code(rows.bytes(code_column));
    if (!code) throw SqlFailure::damaged("an error code");
    return core::JobError{*code, rows.text(message_column)};
}

std::int64_t insert_job(Transaction& transaction, const core::Job& job, const Belonging& belonging) {
    auto& db = transaction.db;
    transaction.tallies.add_job(core::Status::queued, job.backend, job.type, {}, 1);
    const auto seq = db.draw_job_seq();
    const auto inputs = to_json(job.inputs);
    const auto place = job.place.value_or(core::ChainPlace());
    std::optional<std::string> chain_outputs;
    if (belonging.is_chain) chain_outputs = to_json(job.chain_outputs);
    db.post(
        "INSERT INTO jobs (seq, id, user_id, type, status, backend, priority, created_at, updated_at, "
        "recipe, "
        "params,"
        " params_effective, inputs, metadata, webhook_url, recipe_digest, models, chain_seq, step, from_step,"
        " from_role, chain_outputs)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        seq, job.id, job.user, job.type, core::Status::queued, job.backend, job.priority, job.created_at,
        job.created_at, job.recipe, job.params_json, job.params_effective_json, inputs, job.metadata_json,
        job.webhook_url, job.recipe_digest, job.models_json, belonging.chain_seq, place.step, place.from_step,
        place.from_role, chain_outputs);
    if (belonging.is_chain) open_chain(db, seq);
    return seq;
}

std::optional<JobHead> find_job_head(Database& db, const ports::Access& access, const JobId& id) {
    auto rows = db.query("SELECT " JOB_HEAD_COLUMNS " FROM jobs WHERE id = ?", id);
    if (!rows.next() || !visible(rows, access)) return std::nullopt;
    return head_of(rows);
}

std::optional<JobHead> find_job_head(Database& db, std::int64_t seq) {
    auto rows = db.query(job_head_sql, seq);
    if (!rows.next()) return std::nullopt;
    return head_of(rows);
}

void update_job(Transaction& transaction, JobHead& head, core::Status from) {
    std::optional<std::string_view> code;
    std::optional<std::string> message;
    if (head.error) {
        code = core::to_string(head.error->code);
        message = head.error->message;
    }
    transaction.db.change_one(
        "UPDATE jobs SET status = ?3, attempt_count = ?4, updated_at = ?5, started_at = ?6, finished_at = "
        "?7, error_code = ?8,"
        " error_message = ?9, selected_attempt = ?10, thumbnail = ?11, attempts_forgiven = ?12, "
        "rerun_after = ?13 WHERE seq = ?1 AND status = ?2",
        head.seq, from, head.status, head.attempt_count, head.updated_at, head.started_at, head.finished_at,
        code, message, head.selected_attempt, head.thumbnail, head.attempts_forgiven, head.rerun_after);
    JobHead::Kept now{head.status, head.backend, {}, head.finished_at};
    if (head.error) now.error = head.error->code;
    tally_change(transaction.tallies, head, now);
    list_change(transaction.db, head, now);
    head.kept = std::move(now);
}

void remove_end(Database& db, std::int64_t seq, TimePoint finished_at) {
    db.post("DELETE FROM ended_jobs WHERE finished_at = ? AND job_seq = ?", finished_at, seq);
}

void set_plan(Database& db, JobHead& head, const ports::WorkPlan& plan) {
    db.post("UPDATE jobs SET params = ?2, params_effective = ?3 WHERE seq = ?1", head.seq, plan.params_json,
            plan.params_effective_json);
    set_recipe(db, head, plan);
}

void set_recipe(Database& db, JobHead& head, const ports::WorkPlan& plan) {
    db.post("UPDATE jobs SET backend = ?2, recipe = ?3, recipe_digest = ?4, models = ?5 WHERE seq = ?1",
            head.seq, plan.backend, plan.recipe, plan.recipe_digest, plan.models_json);
    head.backend = plan.backend;
}

std::optional<core::Job> find_whole_job(Database& db, const ports::Access& access, const JobId& id) {
    auto rows = db.query("SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?", id);
    if (!rows.next() || !visible(rows, access)) return std::nullopt;
    return whole(db, rows, head_of(rows));
}

std::optional<core::Job> find_whole_job(Database& db, std::int64_t seq) {
    auto rows = db.query(whole_job_sql, seq);
    if (!rows.next()) return std::nullopt;
    return whole(db, rows, head_of(rows));
}

std::optional<HeadAndJob> find_head_and_job(Database& db, std::int64_t seq) {
    auto rows = db.query(whole_job_sql, seq);
    if (!rows.next()) return std::nullopt;
    auto head = head_of(rows);
    auto job = whole(db, rows, head);
    return HeadAndJob{std::move(head), std::move(job)};
}

}  // namespace darkroom::store
