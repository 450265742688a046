// A chain as a job says it inline: steps, output and keep. Reads its shape; what the steps' types and params
// say is chain_plan.h's part. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <vector>

#include "api/problem.h"
#include "recipes/chain.h"

namespace darkroom::api {

/// `body` is the request. A step without an id is called as its type; one without `from` takes the main
/// output of the step before it. Appends what is wrong to `problems`.
recipes::Chain read_chain_request(const boost::json::object& body, std::vector<FieldProblem>& problems);

}  // namespace darkroom::api
