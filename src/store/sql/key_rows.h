// Tables api_keys and idempotency: who may ask, and what was asked before.
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

void put_api_key(Database& db, const ports::ApiKey& key);
std::optional<ports::ApiKey> find_api_key(Database& db, const Sha256Bytes& digest);
std::vector<ports::ApiKey> list_api_keys(Database& db);
bool revoke_api_key(Database& db, const Sha256Bytes& digest, TimePoint now);

/// A request that `user` made before under the same key, unless that has expired at `now` or its job is gone.
std::optional<ports::EarlierRequest> find_earlier_request(Database& db, const UserId& user,
                                                          const std::string& key, TimePoint now);
/// Also forgets a few keys that have expired, so that the table does not grow without a janitor.
void remember_request(Database& db, const UserId& user, const ports::IdempotencyKey& key, const JobId& job,
                      TimePoint now);

}  // namespace darkroom::store
