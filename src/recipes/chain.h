// Several types one after the other, each on what an earlier one made: cut out, then enlarge, then put on
// white. Which step runs when, and what becomes of a failed one, is decided elsewhere; here is what a chain
// may say.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recipes/recipe_finding.h"
#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

class MapReader;

/// An output of a step: "cut.main".
struct StepOutput {
    std::string step;
    std::string role;  // main, mask, preview

    /// Unset if the text has another shape.
    static std::optional<StepOutput> parse(std::string_view text);
    std::string text() const { return step + "." + role; }
    bool operator==(const StepOutput&) const = default;
};

struct ChainStep {
    std::string id;
    std::string type;
    boost::json::object params;
    std::optional<StepOutput> from;  // unset: the step before, or the job's own picture
    TextPlace place;
};

struct Chain {
    std::vector<ChainStep> steps;
    /// The chain's own params → where they go: edges → {cut, edges}.
    std::map<std::string, std::pair<std::string, std::string>> exposed;
    std::optional<StepOutput> output;  // unset: main of the last step
    std::vector<StepOutput> keep;
};

inline constexpr std::size_t chain_steps_max = 8;

/// The members steps, expose, output and keep.
Chain read_chain(MapReader& map, RecipeFindings& findings);

/// Steps read what earlier steps made, so a chain has no circles; params fit their types.
void lint_chain(const Chain& chain, const TypeCatalogue& types, RecipeFindings& findings);

}  // namespace darkroom::recipes
