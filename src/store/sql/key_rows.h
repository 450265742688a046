// Tables api_keys and idempotency: who may ask, and what was asked before.
#pragma once
#include <optional>
#include <vector>

#include "ports/job_store.h"
#include "store/sql/transaction.h"

namespace darkroom::store {

void put_api_key(Database& db, const ports::ApiKey& key);
std::optional<ports::ApiKey> find_api_key(Database& db, const Sha256Bytes& digest);
std::vector<ports::ApiKey> list_api_keys(Database& db);
bool revoke_api_key(Database& db, const Sha256Bytes& digest, TimePoint now);

struct RememberedRequest {
    ports::EarlierRequest request;
    bool counts = false;  // it has not expired, and its job is there
};
/// As find_request() asks it.
extern const char* const request_sql;
std::optional<RememberedRequest> find_request(Database& db, const UserId& user, const std::string& key,
                                              TimePoint now);
/// One that counts.
std::optional<ports::EarlierRequest> find_earlier_request(Database& db, const UserId& user,
                                                          const std::string& key, TimePoint now);
/// `replaces` one that does not count. Also lets a few keys that have expired be forgotten, so that the table
/// does not grow without a janitor.
void remember_request(Transaction& transaction, const UserId& user, const ports::IdempotencyKey& key,
                      const JobId& job, TimePoint now, bool replaces);

}  // namespace darkroom::store
