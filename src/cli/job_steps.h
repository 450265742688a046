// The way of one picture through a gateway, step by step: send it, wait for its job, fetch the result. Any
// thread; no state of its own, so that the crew decides what happens when.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "cli/gateway_client.h"
#include "cli/input_file.h"
#include "cli/job_view.h"
#include "cli/output_file.h"

namespace darkroom::cli {

/// Why a picture has no result.
struct StepFailure {
    std::string code;  // of the API, or file_… / server_… of our own
    std::string message;
    ExitCode exit_code = ExitCode::failed;
    bool ends_run = false;  // the next picture would fail alike
    bool stopped = false;   // nothing failed: the user is in a hurry
};

StepFailure as_step_failure(const CallFailure& failure);

struct SendOrder {
    InputFile file;
    std::string type;
    boost::json::object params;
    boost::json::array steps;       // of a chain; then there are no params
    std::optional<InputFile> mask;  // its second input, called "mask"
    std::string backend;            // empty = the server's own choice
    std::string idempotency_key;    // the same for every try, so that there is one job at most
    std::function<void(std::uint64_t sent)> on_progress;
};

/// Asks for an upload, puts the bytes, creates the job. What breaks on the way is begun again with a new
/// upload.
Result<boost::json::object, StepFailure> send_picture(GatewayClient& client, const SendOrder& order);

/// The job, when it has ended or `wait` is over.
Result<boost::json::object, StepFailure> wait_for_job(GatewayClient& client, const std::string& id,
                                                      Milliseconds wait);

/// Fetches the main output, compares its digest with the one in the job, and puts it into the folder of
/// `names`. A link that has expired is renewed once.
Result<std::filesystem::path, StepFailure> fetch_result(GatewayClient& client, const JobView& job,
                                                        const std::string& file, OutputNames& names);

}  // namespace darkroom::cli
