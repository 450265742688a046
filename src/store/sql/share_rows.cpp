#include "store/sql/share_rows.h"

namespace darkroom::store {
namespace {

ports::UserShare share_of(const Rows& rows) {
    ports::UserShare share;
    share.user = rows.user(0);
    share.weight = static_cast<int>(rows.integer(1));
    if (!rows.is_null(2)) share.inflight_max = static_cast<int>(rows.integer(2));
    return share;
}

}  // namespace

void put_share(Database& db, const ports::UserShare& share) {
    db.post(
        "INSERT INTO shares (user_id, weight, inflight_max) VALUES (?, ?, ?) ON CONFLICT (user_id) DO UPDATE"
        " SET weight = excluded.weight, inflight_max = excluded.inflight_max",
        share.user, share.weight, share.inflight_max);
}

ports::UserShare find_share(Database& db, const UserId& user) {
    auto rows = db.query("SELECT user_id, weight, inflight_max FROM shares WHERE user_id = ?", user);
    if (rows.next()) return share_of(rows);
    return {.user = user, .weight = 1, .inflight_max = {}};
}

std::vector<ports::UserShare> list_shares(Database& db) {
    std::vector<ports::UserShare> shares;
    auto rows = db.query("SELECT user_id, weight, inflight_max FROM shares ORDER BY user_id");
    while (rows.next()) shares.push_back(share_of(rows));
    return shares;
}

}  // namespace darkroom::store
