// What a type's JSON Schema cannot say: how shorthands are written out, and which params must agree with each
// other.
#pragma once
#include <boost/json/object.hpp>
#include <vector>

#include "recipes/param_problem.h"

namespace darkroom::recipes {

struct TypeRules {
    /// Writes shorthands out in place; the params passed the schema.
    void (*expand)(boost::json::object& params);
    /// Appends what does not fit together in complete params.
    void (*check)(const boost::json::object& effective, std::vector<ParamProblem>& problems);
};

/// For types without shorthands, and for those whose params agree whatever they are.
inline void leave(boost::json::object& /*params*/) {}
inline void accept(const boost::json::object& /*effective*/, std::vector<ParamProblem>& /*problems*/) {}

TypeRules bg_remove_rules();
TypeRules cutout_subject_rules();
TypeRules white_bg_ecomm_rules();
TypeRules upscale_2k_rules();
TypeRules jpeg_to_png_rules();
TypeRules object_remove_rules();
TypeRules restore_rules();

}  // namespace darkroom::recipes
