// The fewest params with which a type can be ordered: none, but for those that have no default. Test support
// only.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "recipes/type_catalogue.h"

namespace darkroom::recipes {

inline boost::json::object least_params(const JobType& type) {
    if (type.name != "object_remove") return {};
    const boost::json::array box{0.25, 0.25, 0.5, 0.5};
    return {{"region", boost::json::object{{"boxes", boost::json::array(1, box)}}}};
}

}  // namespace darkroom::recipes
