// One thing that is wrong with a request's params, for the API to tell.
#pragma once
#include <string>

namespace darkroom::recipes {

/// The codes, stable and as on the wire.
namespace problem_code {
inline constexpr const char* params_invalid = "params_invalid";
inline constexpr const char* params_unknown_field = "params_unknown_field";
inline constexpr const char* params_version_unsupported = "params_version_unsupported";
inline constexpr const char* recipe_not_found = "recipe_not_found";
inline constexpr const char* recipe_disabled = "recipe_disabled";
inline constexpr const char* licence_blocked = "licence_blocked";
inline constexpr const char* region_missing = "region_missing";
inline constexpr const char* region_out_of_bounds = "region_out_of_bounds";
}  // namespace problem_code

struct ParamProblem {
    std::string pointer;  // into the request: /params/margin/2
    std::string code;     // one of problem_code
    std::string detail;   // a sentence without its full stop, for the client
    bool operator==(const ParamProblem&) const = default;
};

}  // namespace darkroom::recipes
