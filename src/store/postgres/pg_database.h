// A Postgres connection as the rules of store/sql see one: statements are prepared once, posts go into the
// pipeline without waiting, rows of the hot tables by the hundred (pg_batch.h), and what is read waits for
// its own answer, with all that were posted before it. One thread at a time.
#pragma once
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/postgres/pg_batch.h"
#include "store/sql/database.h"

namespace darkroom::store {

class PgDatabase final : public Database {
public:
    enum class Use { write, read_only };
    PgDatabase(PgSettings settings, Use use);
    PgDatabase(const PgDatabase&) = delete;
    PgDatabase& operator=(const PgDatabase&) = delete;
    ~PgDatabase() override;

    /// Does nothing while there is a connection. Otherwise tries, and again until `at_most` is over, but the
    /// less often the longer Postgres has been away: then it fails at once.
    void ensure_connected(Milliseconds at_most);
    bool is_connected() const { return connection_.is_open(); }
    void disconnect() noexcept;
    PgConnection& connection() { return connection_; }

    void execute(const std::string& sql) override;
    std::int64_t draw_job_seq() override;
    std::string_view to_change_them() const override { return use_ == Use::write ? " FOR UPDATE" : ""; }
    void claim_alone(std::string_view what) override;
    void foresee(std::string_view sql, std::span<const SqlValue> keys, std::size_t keys_of_one) override;
    std::int64_t line_mark(const std::string& backend) override;
    std::int64_t count_inflight(const std::string& endpoint) override;
    bool in_transaction() const override { return in_transaction_; }
    void begin_reading() override;
    void end_reading() noexcept override;

    void begin();
    /// Success means durable. If it throws and commit_was_sent(), nobody knows.
    void commit();
    bool commit_was_sent() const { return commit_was_sent_; }
    /// Never fails: a connection that cannot roll back is closed, which does the same.
    void roll_back() noexcept;
    /// Each statement is a transaction of its own from here to finish(); without begin().
    void finish();

    /// A question whose answer is read later. Its text must not run again before that.
    struct Asked {
        PgStatement* statement = nullptr;
        std::uint64_t number = 0;
    };
    template <class... Values>
    Asked ask(std::string_view sql, const Values&... values) {
        const std::array<SqlValue, sizeof...(Values)> bound{to_sql(values)...};
        return ask_bound(sql, bound);
    }
    Rows answer_to(const Asked& asked);
    /// The answer's rows, each after its keys, are what this query would find by those keys. What is not
    /// among them is still asked for.
    void know(std::string_view sql, const Asked& asked);
    /// Has the server tell what was asked so far, without waiting for it.
    void hurry();
    /// How many seqs the next transaction may need: drawn ahead.
    void prepare_job_seqs();

private:
    enum class Kind { prepare, description, change, question, sync };
    struct Awaited {
        Kind kind = Kind::change;
        PgStatement* statement = nullptr;
        std::int64_t must_change = -1;  // so many rows; -1 = any
    };

    std::int64_t run_bound(std::string_view sql, std::span<const SqlValue> values) override;
    void post_bound(std::string_view sql, std::span<const SqlValue> values) override;
    void change_one_bound(std::string_view sql, std::span<const SqlValue> values) override;
    Cursor& query_bound(std::string_view sql, std::span<const SqlValue> values) override;
    Asked ask_bound(std::string_view sql, std::span<const SqlValue> values);

    PgStatement& statement(std::string_view sql);
    void prepare(PgStatement& statement);
    bool learn_types(PgStatement& statement);
    PgStatement& for_many(PgStatement& statement, std::uint64_t same);
    void write(PgPending::Bulk& bulk);
    std::uint64_t send(PgStatement& statement, std::span<const SqlValue> values, Kind kind,
                       std::int64_t must_change);
    void write(PgStatement& statement, std::span<const SqlValue> values, bool changes_one);
    void write_pending(std::vector<PgPending::Bulk> bulks);
    void write_what_it_reads(const PgStatement& statement);
    Cursor* find_foreseen(PgStatement& statement, std::span<const SqlValue> values);
    std::uint64_t await(const Awaited& awaited);
    void read_until(std::uint64_t number);
    void read_answer();
    void keep(const Awaited& awaited, PgResult result);
    [[noreturn]] void fail(const Awaited& awaited, const PgResult& result);
    void sync();
    void skip_to_sync() noexcept;
    void forget_statements() noexcept;
    Milliseconds patience() const;
    void draw_blocks(std::int64_t blocks);
    void ask_line_start(const std::string& backend);
    void read_line_start();

    PgConnection connection_;
    const Use use_;
    std::unordered_map<std::string_view, std::unique_ptr<PgStatement>> statements_;
    PgPending pending_;
    PgForeseen foreseen_;
    std::int64_t names_ = 0;
    std::deque<Awaited> awaited_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    std::int64_t changed_ = 0;  // by the last change that was answered
    bool in_transaction_ = false;
    bool aborted_ = false;  // the server ignores everything up to the next sync
    bool commit_was_sent_ = false;

    Instant next_try_{};
    Milliseconds pause_{0};
    std::string last_trouble_;

    struct Block {
        std::int64_t next = 0;
        std::int64_t end = 0;
    };
    std::deque<Block> seqs_;
    Instant drawn_at_{};
    std::int64_t seqs_wanted_ = 0;
    std::int64_t seqs_used_ = 0;  // by this transaction
    std::optional<Asked> asked_seqs_;

    struct LineMark {
        std::int64_t mark = std::numeric_limits<std::int64_t>::min();
        std::optional<std::int64_t> next;  // once all transactions before this one are over
        std::optional<std::int64_t> next_since;
        Instant found_at{};   // the next one
        Instant walked_at{};  // the whole line
    };
    struct AskedLine {
        std::string backend;
        Asked asked;
    };
    std::map<std::string, LineMark> line_marks_;  // of kinds of backends
    std::optional<AskedLine> asked_line_;
    struct ClaimMark {
        std::int64_t oldest = std::numeric_limits<std::int64_t>::min();  // not above any that is in flight
        std::int64_t newest = std::numeric_limits<std::int64_t>::min();  // of those seen
    };
    std::map<std::string, ClaimMark> claim_marks_;  // of endpoints
};

}  // namespace darkroom::store
