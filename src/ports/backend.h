// Where attempts run on this machine. A dispatcher starts work and is told its end through an AttemptSink by
// another thread. What runs elsewhere and outlives this process is remote_backend.h's.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/job.h"

namespace darkroom::ports {

struct WorkOrder {
    JobId job;
    AttemptId attempt;
    int attempt_number = 1;
    std::string type;
    std::string params_json;            // as sent
    std::string params_effective_json;  // of this attempt
    std::string recipe;                 // id@version
    std::string recipe_digest;          // empty = built in
    std::vector<core::InputImage> inputs;
    Milliseconds time_limit{600'000};
};

/// A file that the work left on this machine; whoever receives it moves or removes it.
struct ProducedFile {
    std::string role;  // main, mask, preview, or thumbnail (a JPEG for lists)
    std::filesystem::path path;
    std::string content_type;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

struct WorkDone {
    std::vector<ProducedFile> files;
    Milliseconds execution{0};
    std::string measures_json = "{}";
    std::string warnings_json = "[]";
};

using WorkResult = Result<WorkDone, core::JobError>;

/// Hears of attempts. Calls come from the backend's threads and may block on stores.
class AttemptSink {
public:
    virtual ~AttemptSink() = default;
    virtual void attempt_started(const AttemptId& attempt) = 0;
    /// Exactly once for each start() in the same process; also after stop_attempt (code cancelled) and
    /// shut_down (code interrupted). When it returns, the slot of the attempt is free.
    virtual void attempt_finished(const AttemptId& attempt, WorkResult result) = 0;
};

struct EndpointInfo {
    std::string backend;  // kind: local, pod, serverless
    std::string name;     // as configured: told in attempts, events and logs
    int inflight_max = 1;
    int weight = 1;  // its share of the jobs that several endpoints of one kind could take
};

/// Safe to use from many threads at once.
class Backend {
public:
    virtual ~Backend() = default;
    virtual const EndpointInfo& endpoint() const = 0;
    /// Takes the order and returns soon. The dispatcher never has more than endpoint().inflight_max orders
    /// open.
    virtual void start(WorkOrder order, AttemptSink& sink) = 0;
    /// Ends the work of an attempt soon; unknown or finished attempts are ignored.
    virtual void stop_attempt(const AttemptId& attempt) = 0;
    /// Stops all work and returns when the sink has heard of every order. What is started afterwards ends at
    /// once with code interrupted.
    virtual void shut_down() = 0;
};

}  // namespace darkroom::ports
