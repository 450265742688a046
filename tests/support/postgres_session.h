// One connection of a test's own, to look into a database or to hold a transaction open. Not for what is
// tested: a statement that fails or hangs ends the test program, unless it is tried.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct pg_conn;

namespace darkroom::testing {

/// nullopt is NULL.
using SqlRow = std::vector<std::optional<std::string>>;
using SqlRows = std::vector<SqlRow>;

class PostgresSession {
public:
    /// `url` as libpq reads it.
    explicit PostgresSession(const std::string& url, Milliseconds patience = Milliseconds(60'000));
    PostgresSession(PostgresSession&&) noexcept = default;
    PostgresSession& operator=(PostgresSession&&) noexcept = default;
    ~PostgresSession() = default;

    /// Why there is no connection; empty if there is one.
    const std::string& trouble() const { return trouble_; }
    /// The rows of the last statement of `text`, or what the server or the connection says against it.
    Result<SqlRows, std::string> try_rows(const std::string& text);
    SqlRows rows(const std::string& text);
    /// The first column of the first row; empty if there is no row or it is NULL.
    std::string value(const std::string& text);
    /// For statements whose rows do not matter.
    void run(const std::string& text) { (void)rows(text); }

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    bool wait_for_answer(Instant deadline);
    std::string last_words() const;

    std::unique_ptr<pg_conn, Close> connection_;
    Milliseconds patience_;
    std::string trouble_;
};

/// Once, by a connection of its own.
Result<SqlRows, std::string> try_postgres(const std::string& url, const std::string& text,
                                          Milliseconds patience = Milliseconds(60'000));

}  // namespace darkroom::testing
