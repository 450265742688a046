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

namespace darkroom::api {

struct JobRequest {
    std::string type;
    boost::json::object params;
    std::vector<UploadId> uploads;  // its inputs; empty while a form's file is still on its way
    std::optional<std::string> backend;
    int priority = 0;
    std::string metadata_json = "{}";
    std::optional<UserId> user;
};

/// The members of a JSON body, or of a form whose values were parsed as JSON. Every wrong field is reported,
/// not just the first.
Result<JobRequest, Problem> read_job_request(const boost::json::object& body, bool file_follows);

}  // namespace darkroom::api
