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

// Another version may mean anything by its names, so nothing else is said about its params.
std::optional<ParamProblem> foreign_version(const JobType& type, const json::object& params) {
    const auto* version = params.if_contains("v");
    if (version == nullptr) return std::nullopt;
    const bool whole = version->is_int64() || version->is_uint64();
    if (!whole) {
        return ParamProblem{"/params/v", problem_code::params_invalid,
                            "v must be a whole number, got " + shown(*version)};
    }
    if (version->is_int64() && version->get_int64() == type.params_version) return std::nullopt;
    return ParamProblem{"/params/v", problem_code::params_version_unsupported,
                        type.name + " takes params of version " + std::to_string(type.params_version) +
                            ", got " + shown(*version)};
}

void draw_seed(json::object& effective, std::uint64_t random) {
    auto* seed = effective.if_contains("seed");
    if (seed != nullptr && seed->is_null()) *seed = static_cast<std::int64_t>(random & seed_max);
}

}  // namespace

Result<CheckedParams, std::vector<ParamProblem>> check_params(const JobType& type, const json::object& sent,
                                                              std::uint64_t random_for_seed,
                                                              std::string_view backend) {
    std::vector<ParamProblem> problems;
    json::value clean = with_whole_numbers(sent);
    json::object& params = clean.as_object();
    if (auto foreign = foreign_version(type, params)) {
        problems.push_back(std::move(*foreign));
        return Fail(std::move(problems));
    }
    type.params->check(clean, "/params", problems);
    if (!problems.empty()) return Fail(std::move(problems));

    params["v"] = type.params_version;
    CheckedParams checked;
    checked.sent_json = canonical_json(params);
    type.rules.expand(params);
    json::value completed = type.params->complete(clean);
    json::object& effective = completed.as_object();
    type.rules.check(effective, problems);
    const auto recipe = choose_recipe(type, effective, backend);
    if (!recipe) problems.push_back(recipe.error());
    if (!problems.empty()) return Fail(std::move(problems));

    checked.recipe = (*recipe)->name();
    if (!effective.at("recipe").is_null()) effective["recipe"] = checked.recipe;
    draw_seed(effective, random_for_seed);
    checked.effective_json = canonical_json(effective);
    return checked;
}

}  // namespace darkroom::recipes
