// What a client asks for when it creates a job: read from JSON or from the fields of a form, checked, nothing
// done yet.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/problem.h"
#include "base/ids.h"
#include "base/result.h"
#include "recipes/chain.h"

namespace darkroom::api {

/// A picture that the job works on: an upload, or a URL for Darkroom to fetch. Neither while a form's file is
/// still on its way.
struct RequestedInput {
    std::optional<UploadId> upload;
    std::string url;
    std::string name;     // that the request gives it, as region.mask says it; empty = the picture's own
    std::string pointer;  // where the body names it
};

inline constexpr std::size_t inputs_max = 8;

struct JobRequest {
    std::string type;
    boost::json::object params;
    std::optional<recipes::Chain> chain;  // of type "chain"
    std::vector<RequestedInput> inputs;
    std::optional<std::string> backend;
    int priority = 0;
    std::string metadata_json = "{}";
    std::optional<UserId> user;
};

/// The members of a JSON body, or of a form whose values were parsed as JSON. Every wrong field is reported,
/// not just the first.
Result<JobRequest, Problem> read_job_request(const boost::json::object& body, bool file_follows);

}  // namespace darkroom::api
