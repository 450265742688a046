// licences.yaml beside the recipes: for what this deployment is used, what it knows of weights by their
// digest, and which contracts it has.
#pragma once
#include <string_view>

#include "recipes/licence_gate.h"

namespace darkroom::recipes {

inline constexpr std::string_view licence_policy_file = "licences.yaml";

struct ReadLicencePolicy {
    LicencePolicy policy;  // with errors: no grants, and commercial use
    RecipeFindings findings;
};

/// `today` as in 2026-11-22: a grant whose `until` lies before it counts no more.
ReadLicencePolicy read_licence_policy(std::string_view yaml, std::string_view today);

}  // namespace darkroom::recipes
