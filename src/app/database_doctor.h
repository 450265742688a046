// What `darkroom doctor` says of a Postgres database: whether it is there, new enough, up to date, reached
// without a pooler that takes sessions apart, by TLS, and looked after.
#pragma once
#include <vector>

#include "app/settings.h"
#include "upkeep/storage_check.h"

namespace darkroom::app {

/// Changes nothing.
std::vector<upkeep::Finding> examine_database(const NodeSettings& settings);

}  // namespace darkroom::app
