// The job, the same in every answer, event and tool (DESIGN §6). URLs are signed afresh for each answer.
#pragma once
#include <string>

#include "api/context.h"
#include "base/json_writer.h"
#include "core/job.h"

namespace darkroom::api {

/// Where the bytes of an object can be fetched for a while.
struct SignedUrl {
    std::string url;
    TimePoint expires_at{};
};
SignedUrl download_url(const ApiContext& context, const core::ObjectKey& key, const std::string& content_type,
                       const std::string& file_name);

void write_job(JsonWriter& json, const ApiContext& context, const core::Job& job);
std::string job_json(const ApiContext& context, const core::Job& job);

void write_upload(JsonWriter& json, const core::Upload& upload);

}  // namespace darkroom::api
