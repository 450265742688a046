// What is told of the whole store (ports/meters.h): from tallies, and from tables that are never long.
#pragma once
#include "ports/meters.h"
#include "store/sql/database.h"

namespace darkroom::store {

ports::StoreGauges read_gauges(Database& db, TimePoint now, int users_max);

}  // namespace darkroom::store
