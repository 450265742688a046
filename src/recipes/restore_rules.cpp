// restore's params that only some recipes take.
#include <string>
#include <string_view>
#include <vector>

#include "recipes/type_rules.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

// Silence would let people believe that their words did something.
void check_restore(const json::object& effective, std::vector<ParamProblem>& problems) {
    for (const std::string_view name : {"prompt", "negative_prompt"}) {
        if (effective.at(name).is_null()) continue;
        problems.push_back({"/params/" + std::string(name), problem_code::params_invalid,
                            "the built-in recipe takes no " + std::string(name)});
    }
}

}  // namespace

TypeRules restore_rules() { return {leave, check_restore}; }

}  // namespace darkroom::recipes
