// What the command line needs of the job that the API answers with. Pure; unknown members are ignored,
// missing ones are empty.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace darkroom::cli {

struct OutputView {
    std::string url;
    std::string content_type;
    std::string sha256;  // hex; empty = not told
    std::uint64_t bytes = 0;
    std::int64_t width = 0;
    std::int64_t height = 0;
};

struct JobView {
    std::string id;
    std::string type;
    std::string status;  // as on the wire
    std::string error_code;
    std::string error_message;
    bool error_retryable = false;
    std::string file;  // the name it had where it came from
    std::int64_t attempt_count = 0;
    std::string stage;               // where an open job is on its way: queue, cold_start … running
    Milliseconds waited{0};          // of the last attempt for a worker elsewhere, cold start included
    std::optional<double> cost_usd;  // of all attempts that are paid for
    std::optional<OutputView> main_output;
    std::optional<TimePoint> created_at;
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> finished_at;
    std::optional<TimePoint> inputs_removed_at;   // set = they are no longer kept
    std::optional<TimePoint> outputs_removed_at;  // the same

    bool ended() const { return status == "SUCCEEDED" || status == "FAILED" || status == "CANCELLED"; }
    bool succeeded() const { return status == "SUCCEEDED"; }
    /// From the start of work to the end.
    std::optional<Milliseconds> work_time() const;
};

/// Nothing if it has no id (a UUID) or no status, so cannot be a job.
std::optional<JobView> view_job(const boost::json::object& job);

/// A member that is a string, else "".
std::string text_member(const boost::json::object& object, std::string_view name);
/// A member that is a whole number, else 0.
std::int64_t number_member(const boost::json::object& object, std::string_view name);
/// A member that is any number; nothing if it is none.
std::optional<double> decimal_member(const boost::json::object& object, std::string_view name);
/// A member that is an object, else nullptr.
const boost::json::object* object_member(const boost::json::object& object, std::string_view name);
/// A member that is an array, else nullptr.
const boost::json::array* array_member(const boost::json::object& object, std::string_view name);

}  // namespace darkroom::cli
