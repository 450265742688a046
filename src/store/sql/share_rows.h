// Table shares: users who get more or less than others, or may not have more than so many jobs at work.
#pragma once
#include <vector>

#include "ports/job_store.h"
#include "store/sql/database.h"

namespace darkroom::store {

void put_share(Database& db, const ports::UserShare& share);
/// {1, none} of a user who has none.
ports::UserShare find_share(Database& db, const UserId& user);
std::vector<ports::UserShare> list_shares(Database& db);
std::vector<ports::UserStanding> list_users(Database& db, const std::string& after, int count_max);

}  // namespace darkroom::store
