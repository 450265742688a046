#include "recipes/recipe_choice.h"

#include <algorithm>
#include <boost/json/string.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "base/nearest.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

std::string_view text_of(const boost::json::value& value) {
    const auto& text = value.as_string();
    return {text.data(), text.size()};
}

// id or id@version; the newest of an id comes first in a type's list.
bool matches(const Recipe& recipe, std::string_view pin) {
    const auto at = pin.find('@');
    if (recipe.id != pin.substr(0, at)) return false;
    if (at == std::string_view::npos) return true;
    int version = 0;
    const auto digits = pin.substr(at + 1);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    return end.ec == std::errc{} && version == recipe.version;
}

bool engine_fits(const Recipe& recipe, std::string_view engine) {
    if (engine == "auto") return true;
    // What is built in needs no GPU, wherever it runs.
    return (engine == "local") == (recipe.engine == "builtin");
}

ParamProblem not_found(std::string pointer, std::string detail) {
    return {std::move(pointer), problem_code::recipe_not_found, std::move(detail)};
}

ParamProblem no_such_recipe(const JobType& type, std::string_view pin) {
    std::vector<std::string> names;
    std::string list;
    for (const auto& recipe : type.recipes) {
        names.push_back(recipe.name());
        list += (list.empty() ? "" : ", ") + recipe.name();
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    auto detail = type.name + " has no recipe " + quoted(pin) + "; it has " + list;
    if (const auto meant = nearest_word(pin, candidates)) {
        detail = type.name + " has no recipe " + quoted(pin) + "; did you mean " + quoted(*meant) + "?";
    }
    return not_found("/params/recipe", std::move(detail));
}

}  // namespace

Result<const Recipe*, ParamProblem> choose_recipe(const JobType& type, const boost::json::object& effective,
                                                  std::string_view backend) {
    const auto& pin = effective.at("recipe");
    const auto engine = text_of(effective.at("engine"));
    bool pin_found = false;
    bool engine_found = false;
    for (const auto& recipe : type.recipes) {
        if (!pin.is_null() && !matches(recipe, text_of(pin))) continue;
        pin_found = true;
        if (!engine_fits(recipe, engine)) continue;
        engine_found = true;
        if (backend.empty() || recipe.runs_on(backend)) return &recipe;
    }
    if (!pin_found) return Fail(no_such_recipe(type, text_of(pin)));
    const auto what = pin.is_null() ? "no recipe of " + type.name : "recipe " + quoted(text_of(pin));
    const std::string does = pin.is_null() ? " runs " : " does not run ";
    if (!engine_found) {
        return Fail(not_found("/params/engine", what + does + (engine == "gpu" ? "on a GPU" : "on a CPU") +
                                                    "; choose another engine, or auto"));
    }
    return Fail(not_found("/backend", what + does + "on backend " + quoted(backend)));
}

}  // namespace darkroom::recipes
