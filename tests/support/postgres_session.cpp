#include "tests/support/postgres_session.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace darkroom::testing {
namespace {

int milliseconds_until(Instant deadline) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::max(left, Milliseconds(0)).count());
}

SqlRows rows_of(const PGresult* result) {
    SqlRows rows(static_cast<std::size_t>(PQntuples(result)));
    for (int row = 0; row < PQntuples(result); ++row) {
        for (int column = 0; column < PQnfields(result); ++column) {
            auto& cells = rows[static_cast<std::size_t>(row)];
            if (PQgetisnull(result, row, column) != 0)
                cells.emplace_back(std::nullopt);
            else
                cells.emplace_back(PQgetvalue(result, row, column));
        }
    }
    return rows;
}

// PQconnectdb waits as long as the server likes.
std::string finish_connecting(pg_conn* connection, Instant deadline) {
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = PQconnectPoll(connection)) {
        if (state == PGRES_POLLING_FAILED) return PQerrorMessage(connection);
        const auto events = static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        pollfd ready{PQsocket(connection), events, 0};
        if (::poll(&ready, 1, milliseconds_until(deadline)) <= 0) return "no answer while connecting";
    }
    return "";
}

}  // namespace

void PostgresSession::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresSession::PostgresSession(const std::string& url, Milliseconds patience)
    : connection_(PQconnectStart(url.c_str())), patience_(patience) {
    if (PQstatus(connection_.get()) == CONNECTION_BAD)
        trouble_ = last_words();
    else
        trouble_ = finish_connecting(connection_.get(), std::chrono::steady_clock::now() + patience_);
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
}

std::string PostgresSession::last_words() const { return PQerrorMessage(connection_.get()); }

bool PostgresSession::wait_for_answer(Instant deadline) {
    while (PQisBusy(connection_.get()) != 0) {
        pollfd ready{PQsocket(connection_.get()), POLLIN, 0};
        if (::poll(&ready, 1, milliseconds_until(deadline)) <= 0) return false;
        if (PQconsumeInput(connection_.get()) == 0) return true;  // the next result tells the error
    }
    return true;
}

Result<SqlRows, std::string> PostgresSession::try_rows(const std::string& text) {
    if (!trouble_.empty()) return Fail(trouble_);
    if (PQsendQuery(connection_.get(), text.c_str()) == 0) return Fail(last_words());
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    SqlRows rows;
    std::string error;
    for (;;) {
        if (!wait_for_answer(deadline)) return Fail(trouble_ = "no answer to: " + text);
        const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection_.get()), &PQclear);
        if (!result) break;
        const auto status = PQresultStatus(result.get());
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
            rows = rows_of(result.get());
        else
            error = PQresultErrorMessage(result.get());
    }
    if (PQstatus(connection_.get()) == CONNECTION_BAD) trouble_ = "the connection is gone: " + last_words();
    if (!error.empty()) return Fail(std::move(error));
    return rows;
}

SqlRows PostgresSession::rows(const std::string& text) {
    auto rows = try_rows(text);
    if (rows) return std::move(*rows);
    std::fprintf(stderr, "Postgres does not do what a test needs: %s\n%s\n", rows.error().c_str(),
                 text.c_str());
    std::abort();
}

std::string PostgresSession::value(const std::string& text) {
    const auto all = rows(text);
    return all.empty() || all.front().empty() ? "" : all.front().front().value_or("");
}

Result<SqlRows, std::string> try_postgres(const std::string& url, const std::string& text,
                                          Milliseconds patience) {
    return PostgresSession(url, patience).try_rows(text);
}

}  // namespace darkroom::testing
