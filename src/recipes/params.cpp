#include "recipes/params.h"

#include <boost/json/string.hpp>
#include <optional>
#include <utility>

#include "recipes/canonical_json.h"
#include "recipes/param_words.h"
#include "recipes/recipe_choice.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

constexpr std::uint64_t seed_max = (std::uint64_t{1} << 53) - 1;  // safe in every JSON reader

std::string versions_of(const JobType& type) {
    const auto now = std::to_string(type.params_version);
    if (type.upgrades.empty()) return "version " + now;
    return "versions " + std::to_string(type.oldest_version()) + " to " + now;
}

// Another version may mean anything by its names, so nothing else is said about its params.
Result<int, ParamProblem> version_of(const JobType& type, const json::object& params) {
    const auto* version = params.if_contains("v");
    if (version == nullptr) return type.oldest_version();
    const bool whole = version->is_int64() || version->is_uint64();
    if (!whole) {
        return Fail(ParamProblem{"/params/v", problem_code::params_invalid,
                                 "v must be a whole number, got " + shown(*version)});
    }
    if (version->is_int64() && version->get_int64() >= type.oldest_version() &&
        version->get_int64() <= type.params_version)
        return static_cast<int>(version->get_int64());
    return Fail(
        ParamProblem{"/params/v", problem_code::params_version_unsupported,
                     type.name + " takes params of " + versions_of(type) + ", got " + shown(*version)});
}

/// Checked by what its own version took, then led to today's. `params` is of version `version`.
void upgrade(const JobType& type, int version, json::object& params, std::vector<ParamProblem>& problems) {
    bool first = true;
    for (const auto& step : type.upgrades) {
        if (step.from < version) continue;
        if (std::exchange(first, false) && step.schema != nullptr)
            step.schema->check(params, "/params", problems);
        if (!problems.empty()) return;
        if (step.upgrade != nullptr) params = step.upgrade(std::move(params));
        params["v"] = step.from + 1;
    }
}

void draw_seed(json::object& effective, std::uint64_t random) {
    auto* seed = effective.if_contains("seed");
    if (seed != nullptr && seed->is_null()) *seed = static_cast<std::int64_t>(random & seed_max);
}

}  // namespace

Result<CheckedParams, std::vector<ParamProblem>> check_params(const JobType& type, const json::object& sent,
                                                              std::uint64_t random_for_seed,
                                                              const Places& places) {
    std::vector<ParamProblem> problems;
    json::value clean = with_whole_numbers(sent);
    json::object& params = clean.as_object();
    const auto version = version_of(type, params);
    if (!version) return Fail(std::vector{version.error()});
    params["v"] = *version;
    CheckedParams checked;
    checked.sent_json = canonical_json(params);
    upgrade(type, *version, params, problems);
    if (problems.empty()) type.params->check(clean, "/params", problems);
    if (!problems.empty()) return Fail(std::move(problems));

    type.rules.expand(params);
    json::value completed = type.params->complete(clean);
    json::object& effective = completed.as_object();
    type.rules.check(effective, problems);
    const auto choice = choose_recipe(type, effective, places);
    if (!choice) problems.push_back(choice.error());
    if (!problems.empty()) return Fail(std::move(problems));

    const auto& recipe = *choice->recipe;
    checked.recipe = recipe.name();
    checked.recipe_digest = recipe.digest;
    checked.models_json = recipe.models_json;
    checked.engine = recipe.engine;
    checked.backend = choice->backend;
    if (!effective.at("recipe").is_null()) effective["recipe"] = checked.recipe;
    draw_seed(effective, random_for_seed);
    checked.effective_json = canonical_json(effective);
    return checked;
}

}  // namespace darkroom::recipes
