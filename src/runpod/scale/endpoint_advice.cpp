#include "runpod/scale/endpoint_advice.h"

#include <algorithm>

#include "runpod/protocol/gpu_prices.h"

namespace darkroom::runpod::scale {
namespace {

// With fewer, RunPod looks for the first kind of GPU only.
constexpr int workers_for_all_gpus = 5;
constexpr Milliseconds restart_grace{30'000};

std::string list_of(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text;
    return list;
}

// 310 micro-dollars a second are 1.116 $ an hour.
std::string usd_per_hour(std::int64_t micro_usd_per_s) {
    const auto thousandths = micro_usd_per_s * 3'600 / 1'000;
    auto rest = std::to_string(thousandths % 1'000);
    rest.insert(0, 3 - rest.size(), '0');
    return std::to_string(thousandths / 1'000) + "." + rest;
}

std::string set_up(const EndpointDescription& endpoint) {
    auto text =
        std::to_string(endpoint.workers_min) + " to " + std::to_string(endpoint.workers_max) + " workers";
    if (!endpoint.gpu_pools.empty()) text += " of " + list_of(endpoint.gpu_pools);
    if (!endpoint.data_centers.empty()) text += " in " + list_of(endpoint.data_centers);
    if (endpoint.idle_timeout > Milliseconds(0))
        text += ", each stops after " + std::to_string(endpoint.idle_timeout.count() / 1'000) + " idle s";
    if (endpoint.gpu_pools.empty()) return text;
    const auto price = price_micro_usd_per_s(endpoint.gpu_pools.front());
    if (price) text += ", about $" + usd_per_hour(*price * endpoint.gpu_count) + " an hour at work";
    return text;
}

void explain_set_up(const EndpointDescription& endpoint, std::vector<Advice>& advice) {
    if (endpoint.is_load_balancer)
        advice.push_back({AdviceLevel::failed,
                          "it is a load balancer, which has no queue: make an endpoint of type Queue"});
    if (endpoint.workers_max == 0)
        advice.push_back({AdviceLevel::failed,
                          "max workers is 0, so jobs would wait for ever. RunPod sets it to 2 after 3 idle "
                          "days and to 0 after 7: set it to 1 or more, or let Darkroom's scale controller do "
                          "so when jobs come"});
    if (endpoint.workers_max == 1)
        advice.push_back({AdviceLevel::warning,
                          "max workers is 1: the endpoint is tied to one machine and waits while that is "
                          "taken by others; 2 or more avoid that"});
    if (endpoint.workers_max > 1 && endpoint.workers_max < workers_for_all_gpus &&
        endpoint.gpu_pools.size() > 1)
        advice.push_back(
            {AdviceLevel::warning,
             "with fewer than 5 workers only the first kind of GPU is used: " + endpoint.gpu_pools.front()});
    if (endpoint.workers_min > 0)
        advice.push_back({AdviceLevel::warning, std::to_string(endpoint.workers_min) +
                                                    " workers are always on and always paid for"});
    advice.push_back({AdviceLevel::ok, set_up(endpoint)});
}

void explain_health(const EndpointHealth& health, bool scaled_to_zero, std::vector<Advice>& advice) {
    const auto& workers = health.workers;
    // A look in passing: whether what is ready takes nothing would need a second one.
    const auto found = diagnose(health, restart_grace);
    const bool is_bad = found.verdict == HealthVerdict::crash_loop;
    const bool is_slow = found.verdict == HealthVerdict::no_capacity ||
                         found.verdict == HealthVerdict::no_workers ||
                         found.verdict == HealthVerdict::broken_image;
    if (!scaled_to_zero || is_bad)
        advice.push_back({is_bad    ? AdviceLevel::failed
                          : is_slow ? AdviceLevel::warning
                                    : AdviceLevel::ok,
                          found.sentence});
    advice.push_back(
        {AdviceLevel::ok,
         std::to_string(health.jobs.in_queue) + (health.jobs.in_queue == 1 ? " job waits" : " jobs wait") +
             " there, " + std::to_string(health.jobs.in_progress) +
             " run; workers: " + std::to_string(workers.running) + " running, " +
             std::to_string(std::max(workers.idle, workers.ready)) + " idle, " +
             std::to_string(workers.initializing) + " starting, " + std::to_string(workers.throttled) +
             " throttled, " + std::to_string(workers.unhealthy) + " unhealthy"});
}

}  // namespace

std::vector<Advice> explain_endpoint(const std::optional<EndpointHealth>& health,
                                     const std::optional<EndpointDescription>& description) {
    std::vector<Advice> advice;
    if (description) explain_set_up(*description, advice);
    if (health) explain_health(*health, description && description->workers_max == 0, advice);
    std::stable_sort(advice.begin(), advice.end(),
                     [](const Advice& a, const Advice& b) { return a.level > b.level; });
    return advice;
}

}  // namespace darkroom::runpod::scale
