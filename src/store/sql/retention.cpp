#include "store/sql/retention.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "base/check.h"
#include "store/sql/attempt_rows.h"
#include "store/sql/chain_rows.h"
#include "store/sql/images_json.h"
#include "store/sql/key_parts.h"
#include "store/sql/queue_rows.h"
#include "store/sql/remote_rows.h"
#include "store/sql/upload_rows.h"

namespace darkroom::store {
namespace {

using ports::Retention;
using ports::RetirementMark;

constexpr int jobs_in_a_transaction = 1'000;  // bounds how long everybody else waits for retention

bool reaches(const RetirementMark& mark, const RetirementMark& place) {
    return std::tie(mark.finished_at, mark.seq) >= std::tie(place.finished_at, place.seq);
}

std::string_view name_of(Retention what) {
    switch (what) {
        case Retention::inputs:
            return "inputs";
        case Retention::outputs:
            return "outputs";
        case Retention::jobs:
            return "jobs";
    }
    DR_CHECK(false);
}

RetirementMark mark_of(Database& db, Retention what) {
    const auto name = name_of(what);
    auto rows = db.query("SELECT finished_at, seq FROM retention WHERE what = ?", name);
    if (!rows.next()) throw SqlFailure::damaged("a mark of retention is missing");
    return {rows.time(0), rows.integer(1)};
}

struct EndedJob {
    RetirementMark place;
    bool inputs_removed = false;
    bool outputs_removed = false;
    bool is_chain = false;
};

/// After `from`, up to and with `to`.
std::vector<EndedJob> ended_jobs(Database& db, const RetirementMark& from, const RetirementMark& to,
                                 int limit) {
    const auto sql = ended_jobs_sql + std::string(db.to_change_them());
    auto rows = db.query(sql, from.finished_at, from.seq, to.finished_at, to.seq, limit);
    std::vector<EndedJob> jobs;
    while (rows.next())
        jobs.push_back({{rows.time(0), rows.integer(1)},
                        rows.integer(2) != 0,
                        rows.integer(3) != 0,
                        rows.integer(4) != 0});
    return jobs;
}

bool is_retired(const EndedJob& job, Retention what) {
    if (what == Retention::inputs) return job.inputs_removed;
    if (what == Retention::outputs) return job.outputs_removed;
    return job.inputs_removed && job.outputs_removed;
}

std::vector<std::int64_t> steps_of(Database& db, bool is_chain, std::int64_t seq) {
    std::vector<std::int64_t> seqs;
    if (!is_chain) return seqs;
    const auto steps = list_steps(db, seq);
    seqs.reserve(steps.size());
    for (const auto& step : steps) seqs.push_back(step.seq);
    return seqs;
}

/// One walk of retire_jobs().
class Retirement {
public:
    Retirement(Transaction& transaction, Retention what, TimePoint now)
        : transaction_(transaction),
          db_(transaction.db),
          what_(what),
          now_(now),
          inputs_done_(mark_of(db_, Retention::inputs)),
          outputs_done_(mark_of(db_, Retention::outputs)) {}

    void retire(const EndedJob& job) {
        if (what_ != Retention::outputs && !(job.inputs_removed && reaches(inputs_done_, job.place)))
            retire_inputs(job);
        if (what_ != Retention::inputs && !(job.outputs_removed && reaches(outputs_done_, job.place)))
            retire_outputs(job);
    }

    std::vector<core::ObjectKey> objects() const { return {objects_.begin(), objects_.end()}; }

private:
    void retire_inputs(const EndedJob& job) {
        const auto seq = job.place.seq;
        const auto inputs = inputs_of(seq);
        if (!job.inputs_removed) {
            db_.post("UPDATE jobs SET inputs_removed_at = ? WHERE seq = ?", now_, seq);
            if (job.is_chain)
                db_.post("UPDATE jobs SET inputs_removed_at = ? WHERE chain_seq = ?", now_, seq);
            for (const auto& key : give_up_uploads(transaction_, seq, inputs)) add(key);
        }
        for (const auto& input : inputs) {
            const auto parts = parts_of(input.key);
            if (parts.kind == KeyKind::uploaded && !upload_needed(db_, parts.upload())) add(input.key);
        }
    }

    void retire_outputs(const EndedJob& job) {
        const auto seq = job.place.seq;
        if (!job.outputs_removed) {
            db_.post("UPDATE jobs SET outputs_removed_at = ? WHERE seq = ?", now_, seq);
            if (job.is_chain)
                db_.post("UPDATE jobs SET outputs_removed_at = ? WHERE chain_seq = ?", now_, seq);
        }
        auto bytes = add_results(seq);
        for (const auto step : steps_of(db_, job.is_chain, seq)) bytes += add_results(step);
        if (!job.outputs_removed) take_off(seq, bytes);
    }

    void take_off(std::int64_t seq, std::int64_t bytes) {
        auto rows = db_.query("SELECT user_id FROM jobs WHERE seq = ?", seq);
        if (rows.next()) transaction_.tallies.add(tally::outputs, rows.text(0), -bytes);
    }

    // Outputs and thumbnails of all attempts; returns how large the outputs are. The job's own thumbnail is
    // one of those, but for files of older Darkrooms.
    std::int64_t add_results(std::int64_t seq) {
        std::int64_t bytes = 0;
        auto attempts = db_.query("SELECT outputs, thumbnail FROM attempts WHERE job_seq = ?", seq);
        while (attempts.next()) {
            for (const auto& output : outputs_from_json(attempts.bytes(0))) {
                add(output.key);
                bytes += static_cast<std::int64_t>(output.bytes);
            }
            if (const auto thumbnail = attempts.optional_key(1)) add(*thumbnail);
        }
        auto rows = db_.query("SELECT thumbnail FROM jobs WHERE seq = ?", seq);
        if (!rows.next()) return bytes;
        if (const auto thumbnail = rows.optional_key(0)) add(*thumbnail);
        return bytes;
    }

    std::vector<core::InputImage> inputs_of(std::int64_t seq) {
        auto rows = db_.query("SELECT inputs FROM jobs WHERE seq = ?", seq);
        if (!rows.next()) return {};
        return inputs_from_json(rows.bytes(0));
    }

    void add(const core::ObjectKey& key) {
        if (!key.empty()) objects_.insert(key);
    }

    Transaction& transaction_;
    Database& db_;
    const Retention what_;
    const TimePoint now_;
    const RetirementMark inputs_done_;
    const RetirementMark outputs_done_;
    std::set<core::ObjectKey> objects_;
};

// The slot of a cancelled job whose backend never said that it stopped goes too: nobody could free it later.
void remove_job(Transaction& transaction, std::int64_t seq) {
    auto& db = transaction.db;
    if (remove_inflight_of_job(transaction, seq)) transaction.news.ready = true;
    forget_remote_jobs_of_job(db, seq);
    db.post("DELETE FROM attempts WHERE job_seq = ?", seq);
    db.post("DELETE FROM job_events WHERE job_seq = ?", seq);
    db.post("DELETE FROM job_uploads WHERE job_seq = ?", seq);
    auto rows = db.query(
        "DELETE FROM jobs WHERE seq = ? RETURNING status, backend, type, error_code, error_message,"
        " finished_at",
        seq);
    while (rows.next()) {
        if (const auto finished_at = rows.optional_time(5)) remove_end(db, seq, *finished_at);
        std::optional<core::ErrorCode> error;
        if (const auto told = error_in(rows, 3, 4)) error = told->code;
        transaction.tallies.add_job(rows.status(0), rows.text(1), rows.text(2), error, -1);
    }
}

}  // namespace

const char* const ended_jobs_sql =
    "SELECT ended_jobs.finished_at, job_seq, inputs_removed_at IS NOT NULL, outputs_removed_at IS NOT NULL,"
    " chain_outputs IS NOT NULL FROM ended_jobs CROSS JOIN jobs ON seq = job_seq"
    " WHERE (ended_jobs.finished_at, job_seq) > (?1, ?2) AND (ended_jobs.finished_at, job_seq) <= (?3, ?4)"
    " ORDER BY ended_jobs.finished_at, job_seq LIMIT ?5";

ports::RetiredJobs retire_jobs(Transaction& transaction, Retention what, TimePoint ended_before, int jobs_max,
                               TimePoint now) {
    auto& db = transaction.db;
    transaction.take_marks_back();
    ports::RetiredJobs retired;
    const int limit = std::clamp(jobs_max, 0, jobs_in_a_transaction);
    const RetirementMark before{ended_before, std::numeric_limits<std::int64_t>::min()};
    Retirement retirement(transaction, what, now);
    for (const auto& job : ended_jobs(db, mark_of(db, what), before, limit)) {
        retirement.retire(job);
        ++retired.jobs;
        retired.mark = job.place;
    }
    retired.objects = retirement.objects();
    return retired;
}

bool settle_slice(Transaction& transaction, Retention what, const RetirementMark& up_to) {
    auto& db = transaction.db;
    transaction.take_marks_back();
    const auto jobs = ended_jobs(db, mark_of(db, what), up_to, jobs_in_a_transaction);
    std::optional<RetirementMark> reached;
    for (const auto& job : jobs) {
        if (!is_retired(job, what)) break;  // it came between, and its objects are still there
        if (what == Retention::jobs) {
            for (const auto step : steps_of(db, job.is_chain, job.place.seq)) remove_job(transaction, step);
            remove_job(transaction, job.place.seq);
        }
        reached = job.place;
    }
    if (!reached) return false;
    db.post("UPDATE retention SET finished_at = ?2, seq = ?3 WHERE what = ?1", name_of(what),
            reached->finished_at, reached->seq);
    return jobs.size() == static_cast<std::size_t>(jobs_in_a_transaction);
}

void note_end(Transaction& transaction, const JobHead& job, TimePoint finished_at) {
    if (!job.chain_seq) transaction.note_end({finished_at, job.seq});
}

void note_reopening(Database& db, JobHead& job) {
    if (!outputs_removed(db, job.seq)) return;
    db.post("UPDATE jobs SET outputs_removed_at = NULL WHERE seq = ?", job.seq);
    forget_results(db, job.seq);
    job.selected_attempt.reset();
    job.thumbnail.reset();
}

bool inputs_removed(Database& db, std::int64_t job_seq) {
    return db.integer("SELECT inputs_removed_at IS NOT NULL FROM jobs WHERE seq = ?", job_seq) != 0;
}

bool outputs_removed(Database& db, std::int64_t job_seq) {
    return db.integer("SELECT outputs_removed_at IS NOT NULL FROM jobs WHERE seq = ?", job_seq) != 0;
}

}  // namespace darkroom::store
