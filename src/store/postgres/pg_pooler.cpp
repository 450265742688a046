#include "store/postgres/pg_pooler.h"

#include "store/postgres/pg_database.h"

namespace darkroom::store {
namespace {

std::int64_t session_of(PgDatabase& db) {
    const auto session = db.integer("SELECT pg_backend_pid()");
    db.finish();
    return session;
}

}  // namespace

// Two clients that stay have two sessions. A pooler that gives the second client what the first one has just
// let go, or the first one another session after that, does so after each transaction.
ports::StoreResult<Pooling> probe_pooler(const PgSettings& settings) {
    try {
        PgDatabase one(settings, PgDatabase::Use::read_only);
        PgDatabase other(settings, PgDatabase::Use::read_only);
        one.ensure_connected(Milliseconds(0));
        const auto first = session_of(one);
        other.ensure_connected(Milliseconds(0));
        const bool shared = session_of(other) == first || session_of(one) != first;
        return shared ? Pooling::by_transaction : Pooling::none;
    } catch (const SqlFailure& failure) {
        // Statements that were prepared a moment ago, on another session.
        const std::string said = failure.what();
        if (said.find("Postgres 26000") != std::string::npos ||
            said.find("Postgres 42P05") != std::string::npos)
            return Pooling::by_transaction;
        return Fail(failure.error());
    }
}

std::string why_not_by_transaction() {
    return "the pooler in front of Postgres works by transaction, and Darkroom needs sessions of its own: "
           "use the pooler's "
           "session mode (Supabase: port 5432 instead of 6543) or connect to Postgres directly";
}

ports::StoreResult<void> demand_sessions(const PgSettings& settings) {
    const auto pooling = probe_pooler(settings);
    if (!pooling) return Fail(pooling.error());
    if (*pooling == Pooling::none) return {};
    return Fail(ports::StoreError{ports::StoreErrorKind::broken, why_not_by_transaction()});
}

}  // namespace darkroom::store
