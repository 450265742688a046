#include "store/postgres/pg_database.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "store/postgres/pg_failure.h"

namespace darkroom::store {
namespace {

constexpr Milliseconds first_pause{50};
constexpr Milliseconds longest_pause{5'000};
constexpr Milliseconds grace{5'000};  // beyond the server's own time-out

}  // namespace

PgDatabase::PgDatabase(PgSettings settings, Use use) : connection_(std::move(settings)), use_(use) {}
PgDatabase::~PgDatabase() = default;

Milliseconds PgDatabase::patience() const { return connection_.settings().statement_within + grace; }

void PgDatabase::forget_statements() noexcept {
    for (auto& [sql, statement] : statements_) statement->is_prepared = false;
}

void PgDatabase::disconnect() noexcept {
    connection_.close();
    pending_.clear();
    foreseen_.clear();
    forget_statements();
    awaited_.clear();
    answered_ = sent_;
    in_transaction_ = aborted_ = false;
    asked_seqs_.reset();
    asked_line_.reset();
    // The next server may be one that has not seen the last claims.
    line_marks_.clear();
    claim_marks_.clear();
}

void PgDatabase::ensure_connected(Milliseconds at_most) {
    if (is_connected()) return;
    const auto deadline = steady_now() + at_most;
    for (;;) {
        if (next_try_ > deadline && next_try_ > steady_now()) throw SqlFailure::in_vain(last_trouble_);
        pause_for(std::chrono::ceil<Milliseconds>(next_try_ - steady_now()));
        disconnect();
        try {
            connection_.connect();
            pause_ = Milliseconds(0);
            return;
        } catch (const SqlFailure& failure) {
            last_trouble_ = failure.what();
        }
        pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
        next_try_ = steady_now() + pause_;
    }
}

void PgDatabase::execute(const std::string& sql) {
    DR_CHECK(awaited_.empty());
    try {
        connection_.run_script(sql, patience());
    } catch (const SqlFailure&) {
        if (!is_connected()) disconnect();
        throw;
    }
}

PgStatement& PgDatabase::statement(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        auto made = std::make_unique<PgStatement>(sql, ++names_);
        const std::string_view key = made->sql();
        found = statements_.emplace(key, std::move(made)).first;
    }
    return *found->second;
}

std::uint64_t PgDatabase::await(const Awaited& awaited) {
    awaited_.push_back(awaited);
    return ++sent_;
}

void PgDatabase::prepare(PgStatement& statement) {
    if (!is_connected()) throw connection_lost("there is none");
    if (statement.is_prepared) return;
    connection_.send_prepare(statement.name(), statement.text().c_str());
    statement.is_prepared = true;
    await({Kind::prepare, &statement, -1});
}

std::uint64_t PgDatabase::send(PgStatement& statement, std::span<const SqlValue> values, Kind kind,
                               std::int64_t must_change) {
    prepare(statement);
    connection_.send_execute(statement.name(), values);
    return await({kind, &statement, must_change});
}

// The server knows best what each parameter is. Asked once for each statement.
bool PgDatabase::learn_types(PgStatement& statement) {
    if (!statement.plan) return false;
    if (!statement.types.empty()) return true;
    prepare(statement);
    connection_.send_describe(statement.name());
    const auto number = await({Kind::description, &statement, -1});
    connection_.send_flush();
    read_until(number);
    return statement.plan.has_value();
}

void PgDatabase::keep(const Awaited& awaited, PgResult result) {
    if (awaited.kind == Kind::description) return awaited.statement->describe(*result);
    if (awaited.kind == Kind::question) return awaited.statement->give(std::move(result));
    if (awaited.kind != Kind::change) return;
    const char* const count = PQcmdTuples(result.get());
    changed_ = 0;
    std::from_chars(count, count + std::strlen(count), changed_);
    if (awaited.must_change >= 0 && changed_ != awaited.must_change)
        throw SqlFailure::damaged("a row that must be there is not: " + awaited.statement->sql());
}

void PgDatabase::fail(const Awaited& awaited, const PgResult& result) {
    const char* const state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const char* const said = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    const std::string code = state == nullptr ? "" : state;
    const auto failure = pg_failure(code, said == nullptr ? "no reason was given" : said,
                                    awaited.statement == nullptr ? "sync" : awaited.statement->sql());
    aborted_ = true;
    // The statement may have been prepared or not; only a new connection is sure to know none.
    if (ends_connection(code) || means_prepare_again(code) || awaited.kind == Kind::prepare) disconnect();
    throw failure;
}

// The answers to one statement: a result, then nothing. A sync is one result alone.
void PgDatabase::read_answer() {
    DR_CHECK(!awaited_.empty());
    auto result = connection_.next_result(patience());
    const auto awaited = awaited_.front();
    awaited_.pop_front();
    ++answered_;
    if (result == nullptr) throw connection_lost("answers got out of step");
    const auto status = PQresultStatus(result.get());
    if (awaited.kind == Kind::sync) {
        if (status != PGRES_PIPELINE_SYNC) fail(awaited, result);
        aborted_ = false;
        return;
    }
    if (connection_.next_result(patience()) != nullptr) throw connection_lost("more answers than questions");
    if (status == PGRES_PIPELINE_ABORTED) {
        if (awaited.kind == Kind::prepare) awaited.statement->is_prepared = false;
        return;
    }
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(awaited, result);
    keep(awaited, std::move(result));
}

void PgDatabase::read_until(std::uint64_t number) {
    try {
        if (answered_ < number) connection_.flush(patience());
        while (answered_ < number) read_answer();
    } catch (const SqlFailure&) {
        if (!is_connected()) disconnect();
        throw;
    }
}

PgDatabase::Asked PgDatabase::ask_bound(std::string_view sql, std::span<const SqlValue> values) {
    auto& asked = statement(sql);
    write_what_it_reads(asked);
    return {&asked, send(asked, values, Kind::question, -1)};
}

void PgDatabase::hurry() {
    connection_.send_flush();
    connection_.push();
}

Rows PgDatabase::answer_to(const Asked& asked) {
    if (answered_ < asked.number) {
        connection_.send_flush();
        read_until(asked.number);
    }
    return Rows(asked.statement->rows());
}

std::int64_t PgDatabase::run_bound(std::string_view sql, std::span<const SqlValue> values) {
    auto& changer = statement(sql);
    foreseen_.forget(changer, values);
    write_what_it_reads(changer);
    const auto number = send(changer, values, Kind::change, -1);
    connection_.send_flush();
    read_until(number);
    return changed_;
}

void PgDatabase::post_bound(std::string_view sql, std::span<const SqlValue> values) {
    write(statement(sql), values, false);
}

void PgDatabase::change_one_bound(std::string_view sql, std::span<const SqlValue> values) {
    write(statement(sql), values, true);
}

Cursor& PgDatabase::query_bound(std::string_view sql, std::span<const SqlValue> values) {
    auto& asked = statement(sql);
    if (auto* const known = find_foreseen(asked, values)) return *known;
    // What is asked in order to change it, as a DELETE … RETURNING, is not known any more.
    if (asked.text().compare(0, 7, "SELECT ") != 0) foreseen_.forget(asked, {});
    // What adds up whole tables is for joins of whole tables.
    const bool adds_up = connection_.settings().by_index_only && asked.text().compare(0, 5, "WITH ") == 0;
    if (adds_up) post("SET LOCAL enable_hashjoin = on");
    const auto question = ask_bound(sql, values);
    if (adds_up) post("SET LOCAL enable_hashjoin = off");
    connection_.send_flush();
    read_until(question.number);
    return asked.rows();
}

// A statement of its own: the next one sees what the one before in this line has committed.
void PgDatabase::claim_alone(std::string_view what) {
    post("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", what);
}

void PgDatabase::sync() {
    connection_.send_sync();
    await({Kind::sync, nullptr, -1});
}

void PgDatabase::finish() {
    sync();
    read_until(sent_);
}

void PgDatabase::begin() {
    DR_CHECK(!in_transaction_);
    commit_was_sent_ = false;
    seqs_wanted_ = std::exchange(seqs_used_, 0);
    post("BEGIN");
    in_transaction_ = true;
}

void PgDatabase::commit() {
    write_pending(pending_.take_all());
    foreseen_.clear();
    post("COMMIT");
    sync();
    commit_was_sent_ = true;
    read_until(sent_);
    commit_was_sent_ = false;
    in_transaction_ = false;
}

// Whatever is still under way is answered first, and does not matter.
void PgDatabase::skip_to_sync() noexcept {
    try {
        sync();
        connection_.flush(patience());
    } catch (const SqlFailure&) {
        return disconnect();
    }
    while (!awaited_.empty()) {
        try {
            read_answer();
        } catch (const SqlFailure&) {
            if (!is_connected()) return disconnect();
        }
    }
}

void PgDatabase::roll_back() noexcept {
    pending_.clear();
    foreseen_.clear();
    in_transaction_ = false;
    asked_seqs_.reset();
    asked_line_.reset();
    if (!is_connected()) return disconnect();
    skip_to_sync();
    if (!is_connected() || !connection_.in_transaction()) return;
    try {
        post("ROLLBACK");
        finish();
    } catch (const SqlFailure&) {
        disconnect();
    }
}

void PgDatabase::begin_reading() {
    ensure_connected(Milliseconds(0));
    post("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    in_transaction_ = true;
}

// The answer is read with the next question's: nobody waits for the end of a look.
void PgDatabase::end_reading() noexcept {
    in_transaction_ = false;
    if (!is_connected()) return disconnect();
    if (aborted_) return roll_back();
    try {
        post("COMMIT");
        sync();
        connection_.push();
    } catch (const SqlFailure&) {
        disconnect();
    }
}

}  // namespace darkroom::store
