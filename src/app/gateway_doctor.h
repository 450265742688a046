// Asks the gateway that runs in the data folder what is in its way: a storage in trouble, a paused endpoint,
// a spend cap that is reached. Only it knows; its reasons are for the operator alone, so they are asked for
// with the admin key. That asks for a round of the dispatcher too, which would come by itself anyway.
#pragma once
#include <vector>

#include "app/settings.h"
#include "ports/http_client.h"
#include "upkeep/storage_check.h"

namespace darkroom::app {

/// Empty if no gateway runs there, or an earlier one has only left its note.
std::vector<upkeep::Finding> examine_gateway(const Settings& settings, ports::HttpClient& http);

}  // namespace darkroom::app
