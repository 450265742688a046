// `darkroom endpoint`: a RunPod Serverless endpoint on this machine, until a signal ends it. For trying
// Darkroom, and everything else that speaks to RunPod, without an account and with faults on purpose.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runpod/endpoint/settings.h"

namespace darkroom::app {

/// As on the command line; unset = default.
struct EndpointPlan {
    std::string listen = "127.0.0.1:0";
    runpod::endpoint::EndpointSettings settings;
    std::vector<std::pair<std::string, std::string>> faults;  // name and when
    std::optional<std::filesystem::path> journal;
};

/// The endpoint with its server and threads.
class RunningEndpoint {
public:
    /// The error is a sentence.
    static Result<std::unique_ptr<RunningEndpoint>, std::string> start(const EndpointPlan& plan);
    ~RunningEndpoint();
    RunningEndpoint(const RunningEndpoint&) = delete;
    RunningEndpoint& operator=(const RunningEndpoint&) = delete;

    /// "http://127.0.0.1:4711", with the real port; clients append /v2.
    const std::string& url() const;
    void stop();

private:
    class Parts;
    explicit RunningEndpoint(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// What a worker's environment has to say to work for an endpoint at `url`.
std::string worker_environment(const std::string& url, const runpod::endpoint::EndpointSettings& settings);

/// Blocks until SIGINT or SIGTERM; returns the exit code. The first line on standard output is the URL.
int play_endpoint(const EndpointPlan& plan);

}  // namespace darkroom::app
