#include "recipes/licence_gate.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "recipes/canonical_json.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

Commercial judged(const ModelUse& model, const LicencePolicy& policy) {
    const auto known = policy.registry.find(model.sha256);
    return known == policy.registry.end() ? model.commercial : std::max(model.commercial, known->second);
}

std::string refusal(const ModelUse& model, Commercial commercial) {
    const auto name = quoted(model.name);
    switch (commercial) {
        case Commercial::no:
            return name + " (" + model.licence + ") is not for commercial use";
        case Commercial::unknown:
            return "nobody has said whether " + name + " may be used commercially";
        default:
            return name + " (" + model.licence +
                   ") may be used commercially under conditions only: a grant " +
                   (model.sha256.empty() ? "needs its sha256"
                                         : "is needed for " + model.sha256.substr(0, 12) + "…");
    }
}

}  // namespace

LicenceVerdict judge_licences(const std::vector<ModelUse>& models, const LicencePolicy& policy) {
    if (policy.usage != Usage::commercial) return {};
    for (const auto& model : models) {
        const auto commercial = judged(model, policy);
        const bool granted = !model.sha256.empty() && policy.grants.contains(model.sha256);
        if (commercial == Commercial::yes || (commercial == Commercial::conditional && granted)) continue;
        return {false, refusal(model, commercial), model.place};
    }
    return {};
}

std::string models_record(const std::vector<ModelUse>& models, const LicencePolicy& policy) {
    boost::json::array record;
    for (const auto& model : models) {
        boost::json::object entry{
            {"role", model.role},       {"name", model.name},
            {"version", model.version}, {"sha256", model.sha256},
            {"licence", model.licence}, {"commercial", commercial_word(judged(model, policy))}};
        const auto grant = policy.grants.find(model.sha256);
        if (!model.sha256.empty() && grant != policy.grants.end()) entry.emplace("grant", grant->second);
        record.push_back(std::move(entry));
    }
    return canonical_json(boost::json::value(std::move(record)));
}

std::string_view commercial_word(Commercial commercial) {
    switch (commercial) {
        case Commercial::yes:
            return "yes";
        case Commercial::conditional:
            return "conditional";
        case Commercial::no:
            return "no";
        case Commercial::unknown:
            break;
    }
    return "unknown";
}

}  // namespace darkroom::recipes
