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

std::vector<ports::UserStanding> list_users(Database& db, const std::string& after, int count_max) {
    std::vector<ports::UserStanding> users;
    if (count_max <= 0) return users;
    auto rows = db.query(
        "WITH here AS (SELECT user_id FROM shares WHERE user_id > ?1 UNION SELECT user_id FROM flow WHERE "
        "user_id > ?1 AND admitted + waiting > 0 ORDER BY 1 LIMIT ?2)"
        " SELECT here.user_id, coalesce(shares.weight, 1), shares.inflight_max,"
        " coalesce(queued.jobs, 0), coalesce(at_work.jobs, 0)"
        " FROM here LEFT JOIN shares ON shares.user_id = here.user_id"
        " LEFT JOIN (SELECT user_id, CAST(sum(admitted + waiting) AS BIGINT) AS jobs FROM flow GROUP BY "
        "user_id)"
        " AS queued ON queued.user_id = here.user_id"
        " LEFT JOIN (SELECT user_id, count(*) AS jobs FROM inflight GROUP BY user_id) AS at_work"
        " ON at_work.user_id = here.user_id ORDER BY 1",
        after, count_max);
    while (rows.next()) {
        ports::UserStanding user;
        user.share = share_of(rows);
        user.at_work = rows.integer(4);
        user.waiting = rows.integer(3) - user.at_work;
        users.push_back(std::move(user));
    }
    return users;
}

}  // namespace darkroom::store
