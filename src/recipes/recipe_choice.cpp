#include "recipes/recipe_choice.h"

#include <algorithm>
#include <boost/json/string.hpp>

#include "base/nearest.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

using Candidates = std::vector<const Recipe*>;

std::string_view text_of(const boost::json::value& value) {
    const auto& text = value.as_string();
    return {text.data(), text.size()};
}

bool engine_fits(const Recipe& recipe, std::string_view engine) {
    if (engine == "auto" || recipe.engine == "chain") return true;
    // What is built in needs no GPU, wherever it runs.
    return (engine == "local") == (recipe.engine == "builtin" || recipe.engine == "onnx");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string joined(const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
    return list;
}

ParamProblem not_found(std::string pointer, std::string detail) {
    return {std::move(pointer), problem_code::recipe_not_found, std::move(detail)};
}

ParamProblem no_such_recipe(const JobType& type, std::string_view pin) {
    for (const auto& broken : type.broken) {
        const auto name = broken.id + "@" + std::to_string(broken.version);
        if (pin == broken.id || pin == name)
            return {"/params/recipe", problem_code::recipe_disabled,
                    "recipe " + name + " is disabled: " + broken.reason};
    }
    std::vector<std::string> names;
    for (const auto& recipe : type.recipes) names.push_back(recipe.name());
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    auto detail = type.name + " has no recipe " + quoted(pin) + "; it has " + joined(names);
    if (const auto meant = nearest_word(pin, candidates)) {
        detail = type.name + " has no recipe " + quoted(pin) + "; did you mean " + quoted(*meant) + "?";
    }
    return not_found("/params/recipe", std::move(detail));
}

/// As preferred: of a pin without a version, the newest first.
Candidates candidates_of(const JobType& type, const boost::json::value& pin) {
    Candidates all;
    for (const auto& recipe : type.recipes) {
        if (pin.is_null() || recipe.is_meant_by(text_of(pin))) all.push_back(&recipe);
    }
    if (!pin.is_null())
        std::stable_sort(all.begin(), all.end(),
                         [](const Recipe* a, const Recipe* b) { return a->version > b->version; });
    return all;
}

class Choosing {
public:
    Choosing(const JobType& type, const boost::json::object& effective, const Places& places)
        : type_(type),
          pin_(effective.at("recipe")),
          engine_(text_of(effective.at("engine"))),
          places_(places) {}

    Result<RecipeChoice, ParamProblem> all() {
        auto left = candidates_of(type_, pin_);
        if (left.empty()) return Fail(no_such_recipe(type_, text_of(pin_)));
        std::erase_if(left, [&](const Recipe* recipe) { return !engine_fits(*recipe, engine_); });
        if (left.empty()) return Fail(wrong_engine());
        if (auto problem = not_set_up()) return Fail(*std::move(problem));
        const Candidates fitting = left;
        std::erase_if(left, [&](const Recipe* recipe) { return recipe->inputs_required > places_.inputs; });
        if (left.empty()) return Fail(inputs_missing(*fitting.front()));
        const Candidates also_blocked = left;
        std::erase_if(left, [](const Recipe* recipe) { return !recipe->licence.allowed; });
        if (const auto choice = first_of(left)) return *choice;
        if (const auto blocked = first_of(also_blocked)) return Fail(licence_blocked(*blocked->recipe));
        return Fail(wrong_backend());
    }

private:
    std::optional<RecipeChoice> first_of(const Candidates& candidates) const {
        if (places_.named.empty() && places_.set_up.empty() && !candidates.empty())
            return RecipeChoice{candidates.front(), {}};
        const auto wanted = places_.named.empty() ? places_.set_up : std::vector{places_.named};
        for (const auto& backend : wanted) {
            for (const auto* recipe : candidates) {
                if (places_.can_do(*recipe, backend)) return RecipeChoice{recipe, backend};
            }
        }
        return std::nullopt;
    }

    std::string what() const {
        return pin_.is_null() ? "no recipe of " + type_.name : "recipe " + quoted(text_of(pin_));
    }
    std::string_view runs() const { return pin_.is_null() ? " runs " : " does not run "; }

    ParamProblem wrong_engine() const {
        return not_found("/params/engine", what() + std::string(runs()) +
                                               (engine_ == "gpu" ? "on a GPU" : "on a CPU") +
                                               "; choose another engine, or auto");
    }

    // A recipe may run where nothing is set up.
    std::optional<ParamProblem> not_set_up() const {
        const auto& there = places_.set_up;
        if (places_.named.empty() || there.empty() || contains(there, places_.named)) return std::nullopt;
        return not_found("/backend", "backend " + quoted(places_.named) + " is not set up here; there is " +
                                         joined(there));
    }

    ParamProblem inputs_missing(const Recipe& recipe) const {
        return not_found("/inputs",
                         "recipe " + recipe.name() + " needs " + std::to_string(recipe.inputs_required) +
                             " input pictures, and there " + (places_.inputs == 1 ? "is " : "are ") +
                             std::to_string(places_.inputs));
    }

    ParamProblem licence_blocked(const Recipe& recipe) const {
        return {pin_.is_null() ? "/type" : "/params/recipe", problem_code::licence_blocked,
                "recipe " + recipe.name() + " must not be used here: " + recipe.licence.reason};
    }

    ParamProblem wrong_backend() const {
        const auto where = places_.named.empty()
                               ? "on a backend that is set up here: " + joined(places_.set_up)
                               : "on backend " + quoted(places_.named);
        const bool by_workflow_only = contains(places_.workflows_only, places_.named);
        return not_found("/backend", what() + std::string(runs()) + where +
                                         (by_workflow_only ? ", whose workers run workflows only" : ""));
    }

    const JobType& type_;
    const boost::json::value& pin_;
    const std::string_view engine_;
    const Places& places_;
};

/// The failed backend last: what one of its workers lacks, the next probably lacks as well.
std::vector<std::string> backends_for_fallback(const Places& places, const std::string& failed_on) {
    auto backends = places.set_up;
    std::stable_partition(backends.begin(), backends.end(),
                          [&](const std::string& backend) { return backend != failed_on; });
    return backends;
}

}  // namespace

bool Places::can_do(const Recipe& recipe, std::string_view backend) const {
    const bool by_workflow = recipe.engine == "comfyui" || recipe.engine == "chain";
    return recipe.runs_on(backend) && (by_workflow || !contains(workflows_only, backend));
}

Result<RecipeChoice, ParamProblem> choose_recipe(const JobType& type, const boost::json::object& effective,
                                                 const Places& places) {
    return Choosing(type, effective, places).all();
}

std::optional<RecipeChoice> choose_fallback(const JobType& type, const boost::json::object& effective,
                                            const Places& places, const FallbackRequest& request) {
    const auto* pin = effective.if_contains("recipe");
    const auto* engine = effective.if_contains("engine");
    if (pin == nullptr || !pin->is_null() || engine == nullptr || !engine->is_string()) return std::nullopt;
    for (const auto& wanted : request.fallback) {
        for (const auto* recipe : candidates_of(type, boost::json::value(wanted))) {
            const bool usable = recipe->licence.allowed && recipe->inputs_required <= places.inputs &&
                                recipe->engine != "chain" && engine_fits(*recipe, text_of(*engine));
            if (!usable || contains(request.tried, recipe->name())) continue;
            for (const auto& backend : backends_for_fallback(places, request.failed_on)) {
                if (places.can_do(*recipe, backend)) return RecipeChoice{recipe, backend};
            }
        }
    }
    return std::nullopt;
}

}  // namespace darkroom::recipes
