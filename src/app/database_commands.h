// Commands that work on the database itself, without a gateway. Each prints what it has to say and returns
// the exit code; what went wrong goes to standard error in a sentence without any password.
#pragma once
#include <string>

#include "app/settings.h"

namespace darkroom::app {

/// `darkroom migrate status`, `check` (1 = it must be brought up) and `up`.
int tell_schema(const Settings& settings);
int check_schema(const Settings& settings);
int bring_schema_up(const Settings& settings);

/// `darkroom nodes`: who shares the database, who leads, and what each holds.
int list_nodes(const Settings& settings, bool as_json);

/// `darkroom db copy`: the SQLite file `from` into the Postgres of the settings, all or nothing.
int copy_database(const Settings& settings, const std::string& from);

}  // namespace darkroom::app
