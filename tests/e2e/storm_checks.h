// What must be true of every job after a storm, whatever was killed in it.
#pragma once
#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <vector>

#include "tests/e2e/storm_clients.h"

namespace darkroom::e2e {

/// Of this run: `plan` as it is or, with DARKROOM_STORM=long, with so many kills and jobs. The seed is
/// DARKROOM_STORM_SEED's or drawn.
StormPlan storm_plan(StormPlan plan, int kills, int jobs);

bool is_terminal(const std::string& status);

/// "7 CANCELLED, 52 SUCCEEDED"
std::string told(const std::map<std::string, int>& ends);

/// Of all users, page by page.
std::vector<boost::json::value> all_jobs(const ApiClient& client);

/// Those that have not ended, a line for each.
std::string not_ended(const ApiClient& client);

/// It ended, as what its client wished lets it; its timeline has no gap and no second end; its results are
/// there, byte for byte.
void check_storm_job(const ApiClient& client, const boost::json::value& job, const MadeJob& made);

}  // namespace darkroom::e2e
