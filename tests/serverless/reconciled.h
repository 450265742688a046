// What the endpoint's journal says happened, held against what the gateway believes: every remote job is
// known to somebody, and nobody believes in one that never was.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "tests/serverless/world.h"

namespace darkroom::e2e {

struct Reconciliation {
    std::size_t remote_jobs = 0;  // that the endpoint made
    std::size_t named = 0;        // of them, that the gateway knows by name
    std::size_t unnamed = 0;  // that it has a submit of unknown name for: the reply and all news were lost
    std::vector<std::string> unaccounted;  // of the endpoint, that the gateway knows nothing of
    /// Of the gateway, that the endpoint never made; one that a forged webhook named and that was asked for
    /// in vain is none.
    std::vector<std::string> invented;
    std::vector<std::string> open;  // of the gateway, by name, that are not followed to their end
};

Reconciliation reconcile(const std::vector<JournalEntry>& journal,
                         const std::vector<boost::json::value>& remote_jobs);

}  // namespace darkroom::e2e
