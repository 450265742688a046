#include "runpod/scale/management_client.h"

#include <algorithm>

#include "base/check.h"
#include "base/percent.h"
#include "runpod/client/client_settings.h"
#include "runpod/client/retry_after.h"
#include "runpod/scale/rate_limit.h"

namespace darkroom::runpod::scale {
namespace {

constexpr Milliseconds pause_without_word{10'000};  // a 429 that names no time

CallError unreadable(const std::string& why) {
    return {CallErrorKind::unavailable, "the answer cannot be used: " + why, Milliseconds(0), true};
}

}  // namespace

std::vector<std::string> problems(const ManagementSettings& settings) {
    // What holds for the address, the key and the times of one API of RunPod holds for the other.
    ClientSettings same;
    same.base_url = settings.base_url;
    same.endpoint_id = "any";
    same.api_key = settings.api_key;
    same.connect_timeout = settings.connect_timeout;
    same.call_timeout = settings.call_timeout;
    return runpod::problems(same);
}

ManagementClient::ManagementClient(ManagementSettings settings, ports::HttpClient& http,
                                   const ports::Clock& clock)
    : settings_(std::move(settings)), http_(http), clock_(clock), api_key_(settings_.api_key) {
    DR_CHECK(problems(settings_).empty());
}

void ManagementClient::set_api_key(std::string key) {
    const std::lock_guard lock(mutex_);
    api_key_ = std::move(key);
}

ports::OutgoingRequest ManagementClient::request_for(const Call& call, const std::string& key) const {
    ports::OutgoingRequest request;
    request.method = call.method;
    std::string base = settings_.base_url;
    while (base.ends_with('/')) base.pop_back();
    request.url = base + call.path;
    request.headers = {{"Authorization", "Bearer " + key},
                       {"Accept", "application/json"},
                       {"User-Agent", "Darkroom/" + settings_.version}};
    if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = call.body;
    request.connect_timeout = settings_.connect_timeout;
    request.total_timeout = settings_.call_timeout;
    request.answer_bytes_max = management_body_bytes_max;
    request.stop_fd = stop_.fd();
    return request;
}

void ManagementClient::keep_to_limits(const ports::FetchedAnswer& answer) {
    auto pause = pause_asked_for(answer.headers);
    if (answer.status == 429)
        pause = std::max(pause.value_or(Milliseconds(0)),
                         retry_after_of(answer.headers, clock_.now()).value_or(pause_without_word));
    if (!pause) return;
    const Instant until = clock_.monotonic() + *pause;
    const std::lock_guard lock(mutex_);
    paused_until_ = std::max(paused_until_, until);
}

Result<std::string, CallError> ManagementClient::perform(const Call& call) {
    std::string key;
    Milliseconds wait{0};
    const Instant now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        key = api_key_;
        wait = std::chrono::ceil<Milliseconds>(paused_until_ - now);
    }
    if (stop_.is_set()) return Fail(CallError{CallErrorKind::stopped, "not asked: this gateway is stopping"});
    if (wait > Milliseconds(0))
        return Fail(CallError{CallErrorKind::rate_limited,
                              "not asked: the limit of RunPod's management API is reached", wait});
    const auto request = request_for(call, key);
    auto answer = http_.fetch(request);
    if (answer) keep_to_limits(*answer);
    // Any 2xx is a yes here, with or without a body.
    if (answer && answer->status >= 200 && answer->status < 300) return std::move(answer->body);
    auto error = call_error(answer, key, clock_.now());
    return Fail(*std::move(error));
}

Result<EndpointDescription, CallError> ManagementClient::describe(const std::string& endpoint_id) {
    const auto body = perform({ports::HttpMethod::get, "/serverless/" + percent_encode(endpoint_id), ""});
    if (!body) return Fail(body.error());
    auto found = parse_endpoint_description(*body);
    if (!found) return Fail(unreadable(found.error().detail));
    if (!found->id.empty() && found->id != endpoint_id)
        return Fail(unreadable("it speaks of another endpoint"));
    return *std::move(found);
}

Result<EndpointDescription, CallError> ManagementClient::change_scaling(const std::string& endpoint_id,
                                                                        const ScalingChange& change) {
    if (auto problem = problem_of(change))
        return Fail(CallError{CallErrorKind::refused, "not asked: " + *std::move(problem)});
    const auto body = perform({ports::HttpMethod::patch, "/serverless/" + percent_encode(endpoint_id),
                               write_scaling_change(change)});
    if (!body) return Fail(body.error());
    auto found = parse_endpoint_description(*body);
    if (found && (found->id.empty() || found->id == endpoint_id)) return *std::move(found);
    return describe(endpoint_id);
}

Result<WorkerList, CallError> ManagementClient::list_workers(const std::string& endpoint_id) {
    const auto body =
        perform({ports::HttpMethod::get, "/serverless/" + percent_encode(endpoint_id) + "/workers", ""});
    if (!body) return Fail(body.error());
    auto found = parse_worker_list(*body);
    if (!found) return Fail(unreadable(found.error().detail));
    return *std::move(found);
}

Result<std::vector<GpuPrice>, CallError> ManagementClient::list_prices() {
    const auto body = perform({ports::HttpMethod::get, "/catalog/gpus", ""});
    if (!body) return Fail(body.error());
    auto found = parse_gpu_prices(*body);
    if (!found) return Fail(unreadable(found.error().detail));
    return *std::move(found);
}

}  // namespace darkroom::runpod::scale
