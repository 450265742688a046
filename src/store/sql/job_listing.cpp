#include "store/sql/job_listing.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "store/sql/job_rows.h"

namespace darkroom::store {
namespace {

using core::Status;

bool is_at_work(const Status* status) {
    return status != nullptr && (*status == Status::dispatched || *status == Status::running);
}

bool is_bad_end(const Status* status) {
    return status != nullptr && (*status == Status::failed || *status == Status::cancelled);
}

// The index is named, because without statistics SQLite would guess, and a wrong guess walks over everybody's
// jobs.
std::string_view rows_for(Listed listed, const Status* status) {
    if (listed == Listed::steps_of_a_chain) return "jobs INDEXED BY jobs_by_chain";
    if (is_at_work(status)) return "jobs";
    const bool one_user = listed == Listed::jobs_of_a_user;
    if (is_bad_end(status)) {
        return one_user ? "ended_jobs INDEXED BY ended_badly_by_user CROSS JOIN jobs ON seq = job_seq"
                        : "ended_jobs INDEXED BY ended_badly CROSS JOIN jobs ON seq = job_seq";
    }
    return one_user ? "jobs INDEXED BY jobs_by_user" : "jobs NOT INDEXED";
}

struct Search {
    const std::string* user;  // nullptr = everybody's
    const ports::JobFilter& filter;
    std::int64_t before;
    std::int64_t count_max;

    Listed listed() const {
        if (filter.chain) return Listed::steps_of_a_chain;
        return user != nullptr ? Listed::jobs_of_a_user : Listed::all_jobs;
    }
};

void collect(Database& db, const Search& search, const Status* status, std::vector<std::int64_t>& seqs) {
    const auto sql = listing_sql(search.listed(), status);
    const auto user = search.user != nullptr ? std::optional<std::string_view>(*search.user) : std::nullopt;
    auto rows = db.query(sql, user, search.before, search.filter.type, search.filter.created_from,
                         search.filter.created_to, search.count_max, search.filter.chain);
    while (rows.next()) seqs.push_back(rows.integer(0));
}

}  // namespace

// A parameter that may be NULL says what it is of, or Postgres could not tell.
// Steps stay out of the way of who looks for jobs: they are their chain's.
std::string listing_sql(Listed listed, const Status* status) {
    const bool by_end = listed != Listed::steps_of_a_chain && is_bad_end(status);
    const std::string table = by_end ? "ended_jobs." : "jobs.";
    const std::string seq = by_end ? "job_seq" : "seq";
    std::string sql = "SELECT " + seq + " FROM " + std::string(rows_for(listed, status));
    sql += " WHERE " + seq + " < ?2";
    if (listed == Listed::steps_of_a_chain) {
        sql +=
            " AND chain_seq = (SELECT seq FROM jobs WHERE id = ?7) AND (CAST(?1 AS TEXT) IS NULL OR user_id "
            "= ?1)";
    } else {
        sql += " AND chain_seq IS NULL AND CAST(?7 AS TEXT) IS NULL";
        if (is_at_work(status))
            sql += " AND seq IN (SELECT job_seq FROM inflight UNION SELECT job_seq FROM open_chains)";
    }
    if (listed == Listed::jobs_of_a_user) sql += " AND " + table + "user_id = ?1";
    if (listed == Listed::all_jobs) sql += " AND CAST(?1 AS TEXT) IS NULL";
    // Spelled out, not bound: SQLite takes a partial index only if it can see that the row is in it.
    if (status != nullptr)
        sql += " AND " + table + "status = '" + std::string(core::to_string(*status)) + "'";
    sql +=
        " AND (CAST(?3 AS TEXT) IS NULL OR type = ?3) AND (CAST(?4 AS BIGINT) IS NULL OR created_at >= ?4)"
        " AND (CAST(?5 AS BIGINT) IS NULL OR created_at < ?5)";
    return sql + " ORDER BY " + seq + " DESC LIMIT ?6";
}

// Each status is searched by itself, on the index that suits it, for one more job than the page holds; the
// newest of all win.
ports::JobPage list_jobs(Database& db, const ports::Access& access, const ports::JobFilter& filter,
                         std::int64_t before, int count_max) {
    ports::JobPage page;
    if (count_max <= 0) return page;
    const auto page_size = static_cast<std::size_t>(count_max);
    const Search search{access.only() ? &access.only()->str() : nullptr, filter,
                        before > 0 ? before : std::numeric_limits<std::int64_t>::max(),
                        std::int64_t{count_max} + 1};
    std::vector<std::int64_t> seqs;
    if (filter.statuses.empty()) collect(db, search, nullptr, seqs);
    const std::set<Status> statuses(filter.statuses.begin(), filter.statuses.end());
    for (const auto& status : statuses) collect(db, search, &status, seqs);
    std::sort(seqs.begin(), seqs.end(), std::greater<>());
    if (seqs.size() > page_size) {
        seqs.resize(page_size);
        page.next_before = seqs.back();
    }
    for (const auto seq : seqs) page.jobs.push_back(*find_whole_job(db, seq));
    return page;
}

}  // namespace darkroom::store
