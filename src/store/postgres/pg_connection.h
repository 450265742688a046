// One connection to Postgres in pipeline mode: what is sent is answered later, in order. Every wait has a
// deadline, and while much is sent what comes back is taken in, so that both sides can never wait for each
// other. Knows no table. What fails throws SqlFailure; a connection that is lost is closed.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/sql/sql_value.h"

struct pg_conn;
struct pg_result;

namespace darkroom::store {

inline Instant steady_now() { return std::chrono::steady_clock::now(); }

/// Of a thread of this room that has nothing to do: between two tries to connect, for example.
void pause_for(Milliseconds time);

struct PgSettings {
    std::string url;  // as libpq reads it; may hold a password
    std::string schema = "darkroom";
    std::string application = "darkroom";
    Milliseconds connect_within{5'000};     // each address
    Milliseconds statement_within{30'000};  // the server ends it then
    Milliseconds lock_within{5'000};
    /// Indexes are always the way, and plans are made once: a change of statistics must not turn one over.
    bool by_index_only = false;
    bool commits_unsynced = false;  // what it writes may be lost with the server
};

struct PgFree {
    void operator()(pg_result* result) const;
};
using PgResult = std::unique_ptr<pg_result, PgFree>;

class PgConnection {
public:
    explicit PgConnection(PgSettings settings) : settings_(std::move(settings)) {}
    PgConnection(const PgConnection&) = delete;
    PgConnection& operator=(const PgConnection&) = delete;
    ~PgConnection() { close(); }

    bool is_open() const { return connection_ != nullptr; }
    void connect();
    void close() noexcept;
    const PgSettings& settings() const { return settings_; }

    // Into the pipeline; nothing is waited for.
    void send_prepare(const char* name, const char* sql);
    void send_execute(const char* name, std::span<const SqlValue> values);
    void send_describe(const char* name);
    void send_sync();
    /// Asks the server for the answers so far.
    void send_flush();
    /// As much as leaves without waiting.
    void push();
    /// All of it; `within` from the last sign of life.
    void flush(Milliseconds within);

    /// The next answer; null at the end of those to one statement.
    PgResult next_result(Milliseconds within);
    bool answer_is_here();

    /// Statements without parameters, outside of the pipeline, which must be empty. One transaction unless
    /// they say otherwise.
    void run_script(const std::string& sql, Milliseconds within);
    /// Whether a transaction is open, as far as the last sync told.
    bool in_transaction() const;

    /// What others say on channels that this connection listens to; waits for the first at most so long, or
    /// until `wake_fd` can be read.
    struct Notice {
        int sender = 0;
        std::string text;
    };
    std::vector<Notice> await_notices(Milliseconds at_most, int wake_fd);
    int server_pid() const;
    pg_conn* handle() const { return connection_; }

private:
    [[noreturn]] void lose(const std::string& why);
    [[noreturn]] void lose();
    enum class For { reading, writing_and_reading };
    void wait(For what, Instant deadline);
    void take_in();
    void set_up();

    PgSettings settings_;
    pg_conn* connection_ = nullptr;

    // Of send_execute(), kept so that it need not allocate.
    std::vector<const char*> parameters_;
    std::vector<int> lengths_;
    std::vector<int> formats_;
    std::vector<std::array<char, 24>> numbers_;
    std::vector<std::string> cleaned_;
};

}  // namespace darkroom::store
