// RunPod's management API (REST v2): how an endpoint is set up, its workers, prices; and the change of its
// scaling. Each call is tried once, with a deadline; whoever calls comes again by itself. Keeps to the limits
// that the answers tell. Safe to use from many threads.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop_event.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "runpod/client/call_outcome.h"
#include "runpod/scale/management_messages.h"

namespace darkroom::runpod::scale {

struct ManagementSettings {
    std::string base_url = "https://api.runpod.io/v2";
    std::string api_key;  // sent as Bearer, and nowhere else
    std::string version;  // of Darkroom, for the User-Agent
    Milliseconds connect_timeout{5'000};
    Milliseconds call_timeout{15'000};
};

/// One line for each thing that is wrong; names no key.
std::vector<std::string> problems(const ManagementSettings& settings);

class ManagementClient {
public:
    /// The settings have no problems(). Both references must outlive the client.
    ManagementClient(ManagementSettings settings, ports::HttpClient& http, const ports::Clock& clock);
    ManagementClient(const ManagementClient&) = delete;
    ManagementClient& operator=(const ManagementClient&) = delete;

    Result<EndpointDescription, CallError> describe(const std::string& endpoint_id);
    /// The endpoint as it then is. The same change twice is the same as once.
    Result<EndpointDescription, CallError> change_scaling(const std::string& endpoint_id,
                                                          const ScalingChange& change);
    Result<WorkerList, CallError> list_workers(const std::string& endpoint_id);
    /// What the account's catalogue says; where it does not answer there is runpod/protocol/gpu_prices.h.
    Result<std::vector<GpuPrice>, CallError> list_prices();

    /// For calls that begin from now on.
    void set_api_key(std::string key);
    /// Ends calls, for good. Any thread, any number of times.
    void stop() { stop_.set(); }

private:
    struct Call {
        ports::HttpMethod method = ports::HttpMethod::get;
        std::string path;
        std::string body;
    };

    ports::OutgoingRequest request_for(const Call& call, const std::string& key) const;
    /// The body of a 2xx.
    Result<std::string, CallError> perform(const Call& call);
    void keep_to_limits(const ports::FetchedAnswer& answer);

    const ManagementSettings settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    StopEvent stop_;
    std::mutex mutex_;  // of what follows
    std::string api_key_;
    Instant paused_until_{};
};

}  // namespace darkroom::runpod::scale
