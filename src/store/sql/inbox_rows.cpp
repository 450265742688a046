#include "store/sql/inbox_rows.h"

#include <algorithm>
#include <span>

namespace darkroom::store {
namespace {

using ports::InboxEntry;
using ports::InboxKind;
using ports::Received;

constexpr int rows_in_a_transaction = 1'000;

std::string_view name_of(InboxKind kind) { return kind == InboxKind::hint ? "hint" : "report"; }

InboxKind kind_in(const Rows& rows, int column) {
    if (rows.bytes(column) == name_of(InboxKind::hint)) return InboxKind::hint;
    if (rows.bytes(column) == name_of(InboxKind::report)) return InboxKind::report;
    throw SqlFailure::damaged("the kind of what came in");
}

std::span<const std::uint8_t> as_blob(const std::string& body) {
    return {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()};
}

InboxEntry entry_of(const Rows& rows) {
    InboxEntry entry;
    entry.seq = rows.integer(0);
    entry.kind = kind_in(rows, 1);
    entry.attempt = rows.id<AttemptId>(2);
    entry.remote_id = rows.text(3);
    entry.tells_success = rows.integer(4) != 0;
    entry.bytes = static_cast<std::uint64_t>(rows.integer(5));
    entry.digest = rows.digest(6);
    entry.once = rows.text(7);
    entry.received_at = rows.time(8);
    entry.body = rows.text(9);
    return entry;
}

}  // namespace

Received receive(Transaction& transaction, const InboxEntry& entry) {
    auto& db = transaction.db;
    if (!entry.once.empty() &&
        db.run("INSERT INTO callback_ids (id, received_at) VALUES (?, ?) ON CONFLICT DO NOTHING", entry.once,
               entry.received_at) == 0)
        return Received::replayed;
    const auto bytes = static_cast<std::int64_t>(entry.bytes);
    db.post(
        "INSERT INTO webhook_inbox (kind, attempt_id, remote_id, tells_success, bytes, digest, once, "
        "received_at, body, node) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT node FROM remote_jobs"
        " WHERE attempt_id = ?2 AND state <> 'ended' ORDER BY submission LIMIT 1))",
        name_of(entry.kind), entry.attempt, entry.remote_id, entry.tells_success, bytes, entry.digest,
        entry.once, entry.received_at, as_blob(entry.body));
    transaction.news.remote_due = true;
    return Received::stored;
}

std::vector<InboxEntry> list_inbox(Database& db, const InboxReader& reader, int count_max) {
    std::vector<InboxEntry> entries;
    const int limit = std::max(0, count_max);
    const int leads = reader.leads ? 1 : 0;
    auto rows = db.query(
        "SELECT seq, kind, attempt_id, remote_id, tells_success, bytes, digest, once, received_at, body"
        " FROM webhook_inbox INDEXED BY webhook_inbox_unsettled WHERE outcome IS NULL AND"
        " (node = ? OR (node IS NULL AND ? = 1)) ORDER BY seq LIMIT ?",
        reader.node, leads, limit);
    while (rows.next()) entries.push_back(entry_of(rows));
    return entries;
}

void settle_inbox(Database& db, std::int64_t seq, const std::string& outcome) {
    db.post("UPDATE webhook_inbox SET outcome = ?2, body = ?3 WHERE seq = ?1 AND outcome IS NULL", seq,
            outcome, std::span<const std::uint8_t>());
}

bool forget_inbox_slice(Database& db, TimePoint received_before) {
    const auto entries = db.run(
        "DELETE FROM webhook_inbox WHERE seq IN (SELECT seq FROM webhook_inbox INDEXED BY "
        "webhook_inbox_settled"
        " WHERE outcome IS NOT NULL AND received_at < ? LIMIT ?)",
        received_before, rows_in_a_transaction);
    const auto ids = db.run(
        "DELETE FROM callback_ids WHERE id IN (SELECT id FROM callback_ids INDEXED BY callback_ids_by_age"
        " WHERE received_at < ? LIMIT ?)",
        received_before, rows_in_a_transaction);
    return entries == rows_in_a_transaction || ids == rows_in_a_transaction;
}

}  // namespace darkroom::store
