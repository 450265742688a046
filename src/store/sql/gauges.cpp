#include "store/sql/gauges.h"

#include <algorithm>
#include <map>

#include "store/sql/tallies.h"

namespace darkroom::store {
namespace {

using ports::StoreGauges;

// Places in the line are claimed in their order, so the first one has waited as long as any of its kind will.
std::optional<Milliseconds> wait_of_next(Database& db, const std::string& backend, TimePoint now) {
    auto rows = db.query(
        "SELECT updated_at FROM jobs WHERE seq = (SELECT job_seq FROM ready WHERE backend = ? ORDER BY vt, "
        "job_seq LIMIT 1)",
        backend);
    if (!rows.next()) return std::nullopt;
    return std::max(Milliseconds(0), now - rows.time(0));
}

std::vector<StoreGauges::Queue> queues(Database& db, TimePoint now) {
    std::map<std::string, StoreGauges::Queue> by_backend;
    {
        auto rows = db.query(
            "SELECT what, label, CAST(sum(value) AS BIGINT) FROM tallies WHERE what IN ('ready', 'backlog', "
            "'delayed') GROUP BY what, label");
        while (rows.next()) {
            auto& queue = by_backend[rows.text(1)];
            const auto what = rows.bytes(0);
            auto& count =
                what == tally::ready ? queue.ready : (what == tally::backlog ? queue.backlog : queue.delayed);
            count = rows.integer(2);
        }
    }
    std::vector<StoreGauges::Queue> queues;
    for (auto& [backend, queue] : by_backend) {
        queue.backend = backend;
        if (queue.ready > 0) queue.oldest_ready = wait_of_next(db, backend, now);
        queues.push_back(std::move(queue));
    }
    return queues;
}

std::vector<StoreGauges::Inflight> inflight(Database& db) {
    std::vector<StoreGauges::Inflight> found;
    auto rows = db.query(
        "SELECT backend, endpoint, count(*) FROM inflight GROUP BY backend, endpoint ORDER BY backend, "
        "endpoint");
    while (rows.next()) found.push_back({rows.text(0), rows.text(1), rows.integer(2)});
    return found;
}

// "FAILED timeout bg_remove"
StoreGauges::Ended ended_of(std::string_view label, std::int64_t jobs) {
    const auto first = label.find(' ');
    const auto second = label.find(' ', first + 1);
    if (second == std::string_view::npos) throw SqlFailure::damaged("a tally of ended jobs");
    const auto status = core::parse_status(label.substr(0, first));
    if (!status) throw SqlFailure::damaged("a tally's status");
    const auto code = label.substr(first + 1, second - first - 1);
    return {*status, code == "-" ? "" : std::string(code), std::string(label.substr(second + 1)), jobs};
}

std::vector<StoreGauges::Ended> ended(Database& db) {
    std::vector<StoreGauges::Ended> found;
    auto rows = db.query(
        "SELECT label, CAST(sum(value) AS BIGINT) FROM tallies WHERE what = 'ended' GROUP BY label ORDER BY "
        "label");
    while (rows.next()) {
        if (rows.integer(1) != 0) found.push_back(ended_of(rows.bytes(0), rows.integer(1)));
    }
    return found;
}

void tell_users(Database& db, int users_max, StoreGauges& gauges) {
    const auto all = db.integer(
        "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM tallies WHERE what IN ('inputs', 'outputs')");
    gauges.other_users_bytes = all;
    if (users_max <= 0) return;
    auto rows = db.query(
        "SELECT label, CAST(sum(value) AS BIGINT) FROM tallies WHERE what IN ('inputs', 'outputs') GROUP BY "
        "label ORDER BY 2 DESC, 1 LIMIT ?",
        users_max);
    while (rows.next()) {
        gauges.users.push_back({rows.text(0), rows.integer(1)});
        gauges.other_users_bytes -= rows.integer(1);
    }
}

}  // namespace

ports::StoreGauges read_gauges(Database& db, TimePoint now, int users_max) {
    StoreGauges gauges;
    gauges.queues = queues(db, now);
    gauges.inflight = inflight(db);
    gauges.ended = ended(db);
    gauges.inbox = db.integer(
        "SELECT count(*) FROM webhook_inbox INDEXED BY webhook_inbox_unsettled WHERE outcome IS NULL");
    gauges.nodes = db.integer("SELECT count(*) FROM nodes WHERE gone = 0");
    tell_users(db, users_max, gauges);
    return gauges;
}

}  // namespace darkroom::store
