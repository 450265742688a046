#include "store/sql/key_rows.h"

#include <algorithm>

namespace darkroom::store {
namespace {

ports::ApiKey api_key_of(const Rows& rows) {
    ports::ApiKey key;
    key.digest = rows.digest(0);
    key.name = rows.text(1);
    key.user = rows.user(2);
    key.admin = rows.integer(3) != 0;
    key.created_at = rows.time(4);
    key.revoked_at = rows.optional_time(5);
    return key;
}

#define API_KEY_COLUMNS "digest, name, user_id, admin, created_at, revoked_at"

}  // namespace

void put_api_key(Database& db, const ports::ApiKey& key) {
    db.post("INSERT INTO api_keys (" API_KEY_COLUMNS
            ") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET"
            " name = excluded.name, user_id = excluded.user_id, admin = excluded.admin,"
            " created_at = excluded.created_at, revoked_at = excluded.revoked_at",
            key.digest, key.name, key.user, key.admin, key.created_at, key.revoked_at);
}

std::optional<ports::ApiKey> find_api_key(Database& db, const Sha256Bytes& digest) {
    auto rows = db.query("SELECT " API_KEY_COLUMNS " FROM api_keys WHERE digest = ?", digest);
    if (!rows.next()) return std::nullopt;
    return api_key_of(rows);
}

std::vector<ports::ApiKey> list_api_keys(Database& db) {
    std::vector<ports::ApiKey> keys;
    auto rows = db.query("SELECT " API_KEY_COLUMNS " FROM api_keys ORDER BY created_at, digest");
    while (rows.next()) keys.push_back(api_key_of(rows));
    return keys;
}

// A key that was revoked before keeps its first date.
bool revoke_api_key(Database& db, const Sha256Bytes& digest, TimePoint now) {
    return db.run("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE digest = ?1", digest,
                  now) == 1;
}

// Retention may take a job before its key expires; the key counts no longer than the job, and looking costs
// less than an index by job that every request would have to feed.
const char* const request_sql =
    "SELECT job_id, fingerprint, expires_at, EXISTS (SELECT 1 FROM jobs WHERE id = job_id) FROM idempotency"
    " WHERE user_id = ? AND key = ?";

std::optional<RememberedRequest> find_request(Database& db, const UserId& user, const std::string& key,
                                              TimePoint now) {
    auto rows = db.query(request_sql, user, key);
    if (!rows.next()) return std::nullopt;
    return RememberedRequest{{rows.id<JobId>(0), rows.digest(1)}, rows.time(2) > now && rows.integer(3) != 0};
}

std::optional<ports::EarlierRequest> find_earlier_request(Database& db, const UserId& user,
                                                          const std::string& key, TimePoint now) {
    const auto found = find_request(db, user, key, now);
    if (!found || !found->counts) return std::nullopt;
    return found->request;
}

// What another process has put there since it was looked at stays, and stops the insertion.
void remember_request(Transaction& transaction, const UserId& user, const ports::IdempotencyKey& key,
                      const JobId& job, TimePoint now, bool replaces) {
    auto& db = transaction.db;
    if (replaces) {
        db.post(
            "DELETE FROM idempotency WHERE user_id = ? AND key = ? AND (expires_at <= ? OR NOT EXISTS"
            " (SELECT 1 FROM jobs WHERE id = job_id))",
            user, key.key, now);
    }
    db.post("INSERT INTO idempotency (user_id, key, fingerprint, job_id, expires_at) VALUES (?, ?, ?, ?, ?)",
            user, key.key, key.fingerprint, job, key.expires_at);
    transaction.note_request(now);
}

}  // namespace darkroom::store
