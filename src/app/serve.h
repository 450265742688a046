// `darkroom serve`: a gateway until a signal ends it.
#pragma once
#include "app/settings.h"

namespace darkroom::app {

/// Blocks until SIGINT or SIGTERM; a second signal ends the process at once. Returns the exit code.
int serve(const Settings& settings);

}  // namespace darkroom::app
