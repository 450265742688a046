// Where the line of each kind of backend begins, for a connection that claims. Rows that were claimed stay in
// the index while any transaction may still see them, and a long one somewhere keeps them for hours: without
// a mark each claim would walk over all of them.
//
// Nobody enters the line before the virtual time that was claimed last, as he knew it. So once all who may
// have known less are gone, nothing comes before that time, or before who was first in line then. Who may
// have are transactions that had a number by then, because ours have one before they look: smaller ones than
// that of the next claim. A transaction of somebody else that goes on for long makes this wait some seconds
// instead. Should that ever be wrong, a walk over the whole line twice a minute finds who was passed over.
//
// Rows in flight that are gone stay in their index likewise. They are numbered while their endpoint is
// locked, so nothing ever comes before the oldest one that is seen there, and this bound is exact.
#include <algorithm>

#include "store/postgres/pg_database.h"

namespace darkroom::store {
namespace {

constexpr Milliseconds old_enough{5'000};
constexpr Milliseconds whole_line_every{30'000};
constexpr std::int64_t from_the_start = std::numeric_limits<std::int64_t>::min();

}  // namespace

// Asked in one claim and read in the next one, so that nobody waits for it.
void PgDatabase::ask_line_start(const std::string& backend) {
    asked_line_ = {backend, ask("SELECT least((SELECT min(vt) FROM ready WHERE backend = ?1 AND vt >= ?2),"
                                " coalesce((SELECT vt FROM lanes WHERE backend = ?1), 0)),"
                                " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint),"
                                " CAST(CAST(pg_current_xact_id() AS text) AS bigint)",
                                backend, line_marks_[backend].mark)};
}

void PgDatabase::read_line_start() {
    if (!asked_line_) return;
    auto& line = line_marks_[asked_line_->backend];
    auto rows = answer_to(asked_line_->asked);
    asked_line_.reset();
    if (!rows.next()) return;
    const auto start = rows.integer(0);
    const auto now = steady_now();
    const auto oldest_at_work = rows.integer(1);
    if (line.next && !line.next_since) {
        line.next_since = rows.integer(2);
    } else if (line.next && (oldest_at_work >= *line.next_since || now - line.found_at > old_enough)) {
        // One who was on his way then may have come since, before that place.
        line.mark = std::max(line.mark, std::min(*line.next, start));
        line.next.reset();
    }
    if (line.next) return;
    line.next = start;
    line.next_since.reset();
    line.found_at = now;
}

std::int64_t PgDatabase::line_mark(const std::string& backend) {
    read_line_start();
    ask_line_start(backend);
    auto& line = line_marks_[backend];
    if (steady_now() - line.walked_at <= whole_line_every) return line.mark;
    line.walked_at = steady_now();
    return from_the_start;
}

std::int64_t PgDatabase::count_inflight(const std::string& endpoint) {
    auto& known = claim_marks_[endpoint];
    auto rows =
        query("SELECT count(*), min(claim), max(claim) FROM inflight WHERE endpoint = ?1 AND claim >= ?2",
              endpoint, known.oldest);
    if (!rows.next()) return 0;
    const auto count = rows.integer(0);
    if (count > 0) {
        known = {rows.integer(1), rows.integer(2)};
    } else {
        known.oldest = std::max(known.oldest, known.newest + 1);
    }
    return count;
}

}  // namespace darkroom::store
