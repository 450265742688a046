// The text of a failed job. Workers send JSON inside a string; the platform and some handlers send plain
// text. Tracebacks and host names are for the operator, never for the owner of the job.
#pragma once
#include <string>
#include <string_view>

namespace darkroom::runpod {

struct WorkerError {
    std::string type;  // of the exception; Darkroom's worker puts core's name of the error code there
    std::string message;
    std::string traceback;
    std::string hostname;
    std::string worker_id;
    std::string version;
};

/// JSON text with error_type, error_message, error_traceback, hostname, worker_id, runpod_version.
std::string write_worker_error(const WorkerError& error);
/// Never fails: what is not such JSON is the message as it stands, and what follows "traceback:" the
/// traceback. Every part is cut to 4096 bytes and is valid UTF-8.
WorkerError read_worker_error(std::string_view text);

}  // namespace darkroom::runpod
