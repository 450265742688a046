// Where the line of each kind of backend begins, for a connection that claims. Rows that were claimed stay in
// the index while any transaction may still see them, and a long one somewhere keeps them for hours: without
// a mark each claim would walk over all of them.
//
// Nobody enters the line before the virtual time that was claimed last, as he knew it; so what was the first
// place some seconds ago is before all that come from now on, unless an admission takes longer than that.
// Such a one is found by a walk over the whole line twice a minute.
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

std::int64_t PgDatabase::line_mark(const std::string& backend) {
    auto& line = line_marks_[backend];
    const auto now = steady_now();
    if (now - line.walked_at > whole_line_every) {
        line.walked_at = now;
        return from_the_start;
    }
    if (line.next && now - line.found_at > old_enough) {
        line.mark = *line.next;
        line.next.reset();
    }
    if (!line.next) {
        line.next = integer("SELECT coalesce(min(vt), ?2) FROM ready WHERE backend = ?1 AND vt >= ?2",
                            backend, line.mark);
        line.found_at = now;
    }
    return line.mark;
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
