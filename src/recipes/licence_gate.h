// May this recipe be used here? The strictest of its models decides (image models are often free for play and
// not for trade). A model's weights are known by their digest: what the deployment's registry says of a
// digest counts more than what a recipe says, unless the recipe is stricter.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/recipe_finding.h"

namespace darkroom::recipes {

/// From the loosest to the strictest.
enum class Commercial { yes, conditional, unknown, no };

struct ModelUse {
    std::string role;
    std::string name;
    std::string version;
    std::string file;
    std::string sha256;   // 64 hex digits in lower case; empty where none is told
    std::string licence;  // SPDX id or LicenseRef-…
    std::string licence_url;
    Commercial commercial = Commercial::unknown;
    std::string attribution;
    TextPlace place;
};

enum class Usage { commercial, non_commercial, evaluation };

struct LicencePolicy {
    Usage usage = Usage::commercial;
    std::map<std::string, Commercial, std::less<>> registry = {};  // by sha256
    std::map<std::string, std::string, std::less<>> grants = {};   // sha256 → the contract's reference
};

struct LicenceVerdict {
    bool allowed = true;
    std::string reason;  // of a refusal: a sentence without its full stop
    TextPlace place;     // of the model that decided
};

LicenceVerdict judge_licences(const std::vector<ModelUse>& models, const LicencePolicy& policy);

/// What an attempt keeps for an audit: of each model role, name, version, sha256, licence, commercial as
/// judged here, and the reference of its grant.
std::string models_record(const std::vector<ModelUse>& models, const LicencePolicy& policy);

std::string_view commercial_word(Commercial commercial);

}  // namespace darkroom::recipes
