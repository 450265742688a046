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

/// A picture for Darkroom to fetch.
struct RequestedUrl {
    std::string url;
    std::string pointer;  // where the body names it
};

struct JobRequest {
    std::string type;
    boost::json::object params;
    // Its inputs, by upload or by URL; neither while a form's file is still on its way.
    std::vector<UploadId> uploads;
    std::vector<RequestedUrl> urls;
    std::optional<std::string> backend;
    int priority = 0;
    std::string metadata_json = "{}";
    std::optional<UserId> user;
};

/// The members of a JSON body, or of a form whose values were parsed as JSON. Every wrong field is reported,
/// not just the first.
Result<JobRequest, Problem> read_job_request(const boost::json::object& body, bool file_follows);

}  // namespace darkroom::api
