#include "store/postgres/pg_database.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "store/postgres/pg_failure.h"
#include "store/postgres/pg_text.h"

namespace darkroom::store {
namespace {

constexpr Oid text_type = 25;
constexpr Milliseconds first_pause{50};
constexpr Milliseconds longest_pause{5'000};
constexpr Milliseconds grace{5'000};  // beyond the server's own time-out
constexpr std::int64_t seqs_in_a_block = 100;
// Jobs are listed by seq: one that was drawn long ago would stand among those of then.
constexpr Milliseconds seqs_stay_fresh{1'000};

std::int64_t number_in(const char* data, int length) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data);
    std::uint64_t value = length > 1 && (bytes[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (int i = 0; i < length; ++i) value = value << 8 | bytes[i];
    return static_cast<std::int64_t>(value);
}

}  // namespace

class PgDatabase::Statement final : public Cursor {
public:
    Statement(std::string_view sql, std::int64_t number)
        : sql_(sql), text_(to_postgres(sql)), name_("s" + std::to_string(number)) {}

    const std::string& sql() const { return sql_; }
    const char* text() const { return text_.c_str(); }
    const char* name() const { return name_.c_str(); }

    void give(PgResult result) {
        result_ = std::move(result);
        row_ = -1;
        decoded_.clear();
    }
    bool next() override { return result_ != nullptr && ++row_ < PQntuples(result_.get()); }
    bool is_null(int column) const override { return PQgetisnull(result_.get(), row_, column) == 1; }
    std::int64_t integer(int column) const override {
        if (is_null(column)) return 0;
        return number_in(PQgetvalue(result_.get(), row_, column), PQgetlength(result_.get(), row_, column));
    }
    std::string_view bytes(int column) const override {
        if (is_null(column)) return {};
        const std::string_view data{PQgetvalue(result_.get(), row_, column),
                                    static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
        if (PQftype(result_.get(), column) != text_type) return data;
        std::string storage;
        const auto text = from_held(data, storage);
        if (text.data() != storage.data()) return text;
        return decoded_.emplace_back(std::move(storage));
    }
    void close() override { result_.reset(); }

    bool is_prepared = false;  // or will be, when its answer comes

private:
    const std::string sql_;
    const std::string text_;
    const std::string name_;
    PgResult result_;
    int row_ = -1;
    mutable std::deque<std::string> decoded_;  // texts that are held in another form: hardly ever any
};

PgDatabase::PgDatabase(PgSettings settings, Use use) : connection_(std::move(settings)), use_(use) {}
PgDatabase::~PgDatabase() = default;

Milliseconds PgDatabase::patience() const { return connection_.settings().statement_within + grace; }

void PgDatabase::forget_statements() noexcept {
    for (auto& [sql, statement] : statements_) statement->is_prepared = false;
}

void PgDatabase::disconnect() noexcept {
    connection_.close();
    forget_statements();
    awaited_.clear();
    answered_ = sent_;
    in_transaction_ = aborted_ = false;
    asked_seqs_.reset();
}

void PgDatabase::ensure_connected(Milliseconds at_most) {
    if (is_connected()) return;
    const auto deadline = steady_now() + at_most;
    for (;;) {
        if (next_try_ > deadline && next_try_ > steady_now())
            throw SqlFailure(ports::StoreErrorKind::unavailable, last_trouble_);
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

PgDatabase::Statement& PgDatabase::statement(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        auto made = std::make_unique<Statement>(sql, ++names_);
        const std::string_view key = made->sql();
        found = statements_.emplace(key, std::move(made)).first;
    }
    return *found->second;
}

std::uint64_t PgDatabase::await(const Awaited& awaited) {
    awaited_.push_back(awaited);
    return ++sent_;
}

std::uint64_t PgDatabase::send(Statement& statement, std::span<const SqlValue> values, Kind kind,
                               int must_change) {
    if (!is_connected()) throw connection_lost("there is none");
    if (!statement.is_prepared) {
        connection_.send_prepare(statement.name(), statement.text());
        statement.is_prepared = true;
        await({Kind::prepare, &statement, -1});
    }
    connection_.send_execute(statement.name(), values);
    return await({kind, &statement, must_change});
}

void PgDatabase::keep(const Awaited& awaited, PgResult result) {
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
    return Rows(*asked.statement);
}

std::int64_t PgDatabase::run_bound(std::string_view sql, std::span<const SqlValue> values) {
    const auto number = send(statement(sql), values, Kind::change, -1);
    connection_.send_flush();
    read_until(number);
    return changed_;
}

void PgDatabase::post_bound(std::string_view sql, std::span<const SqlValue> values) {
    (void)send(statement(sql), values, Kind::change, -1);
}

void PgDatabase::change_one_bound(std::string_view sql, std::span<const SqlValue> values) {
    (void)send(statement(sql), values, Kind::change, 1);
}

Cursor& PgDatabase::query_bound(std::string_view sql, std::span<const SqlValue> values) {
    const auto asked = ask_bound(sql, values);
    connection_.send_flush();
    read_until(asked.number);
    return *asked.statement;
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
    in_transaction_ = false;
    asked_seqs_.reset();
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

// Drawn by the hundred, so that not every job costs a question; with the rest of the transaction if it is
// known how many there will be.
void PgDatabase::prepare_job_seqs() {
    if (steady_now() - drawn_at_ > seqs_stay_fresh) seqs_.clear();
    std::int64_t left = 0;
    for (const auto& block : seqs_) left += block.end - block.next;
    if (seqs_wanted_ > left) draw_blocks((seqs_wanted_ - left) / seqs_in_a_block + 1);
}

void PgDatabase::draw_blocks(std::int64_t blocks) {
    asked_seqs_ = ask("SELECT nextval('jobs_seq') FROM generate_series(1, ?)", blocks);
}

std::int64_t PgDatabase::draw_job_seq() {
    if (seqs_used_ == 0 && !asked_seqs_ && steady_now() - drawn_at_ > seqs_stay_fresh) seqs_.clear();
    if (seqs_.empty()) {
        if (!asked_seqs_) draw_blocks(1);
        auto rows = answer_to(*std::exchange(asked_seqs_, std::nullopt));
        while (rows.next()) seqs_.push_back({rows.integer(0), rows.integer(0) + seqs_in_a_block});
        drawn_at_ = steady_now();
    }
    auto& block = seqs_.front();
    const auto seq = block.next++;
    if (block.next == block.end) seqs_.pop_front();
    ++seqs_used_;
    return seq;
}

}  // namespace darkroom::store
