// Tries what the settings say, piece by piece, without a gateway: data folder, database, storage, clock,
// RunPod. One finding for each thing, of a fault its cause and what to do.
#pragma once
#include <vector>

#include "app/settings.h"
#include "upkeep/storage_check.h"

namespace darkroom::app {

using FindingLevel = upkeep::Finding::Level;

/// Writes one small object into each store and removes it again; changes nothing else.
std::vector<upkeep::Finding> examine(const Settings& settings);

}  // namespace darkroom::app
