// The inputs of a request as its body names them: {"upload": "<id>"} or {"url": "https://…"}, each with a
// "name" if it likes, or the short form input_urls. Pure.
#pragma once
#include <boost/json/value.hpp>
#include <vector>

#include "api/job_request.h"

namespace darkroom::api {

/// Appends what is wrong to `problems`.
std::vector<RequestedInput> read_inputs(const boost::json::value& value, std::vector<FieldProblem>& problems);
std::vector<RequestedInput> read_input_urls(const boost::json::value& value,
                                            std::vector<FieldProblem>& problems);

}  // namespace darkroom::api
