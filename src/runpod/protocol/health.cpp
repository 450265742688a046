#include "runpod/protocol/health.h"

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t health_bytes_max = 64u << 10;
constexpr Milliseconds broken_after{120'000};  // a worker that is ready takes a job within a second

JsonMembers members_of(JsonMembers& body, std::string_view name, const std::vector<WantedMember>& wanted) {
    const auto text = body.take_json(name).value_or("{}");
    auto members = pick_json_members(text, wanted, health_bytes_max);
    if (members) return *std::move(members);
    auto none = pick_json_members("{}", wanted, health_bytes_max);
    return *std::move(none);
}

Diagnosis diagnose_waiting(const EndpointHealth& health, Milliseconds waiting) {
    const auto& w = health.workers;
    if (w.unhealthy > 0) {
        return {
            HealthVerdict::crash_loop,
            "workers start and become unhealthy while jobs wait: the image crashes, capacity is not missing"};
    }
    if (w.idle + w.initializing + w.ready + w.running + w.throttled == 0) {
        return {HealthVerdict::no_workers,
                "no worker exists: the endpoint scales from zero, has no capacity, or its max workers is 0"};
    }
    if (w.throttled > 0 && w.running == 0) {
        return {HealthVerdict::no_capacity, "all workers are throttled: no GPU of this kind is free there"};
    }
    if (w.initializing > 0 && w.running == 0) {
        return {HealthVerdict::cold_start, "a worker is starting; the first job waits for it"};
    }
    if (w.ready > 0 && health.jobs.in_progress == 0 && waiting >= broken_after) {
        return {HealthVerdict::broken_image,
                "workers are ready and take no job: the image does not ask for work"};
    }
    return {HealthVerdict::fine, "jobs wait their turn"};
}

}  // namespace

Result<EndpointHealth, ProtocolError> parse_health(std::string_view body) {
    auto members = pick_json_members(body, {{"jobs", 8192}, {"workers", 8192}}, health_bytes_max);
    if (!members) return Fail(ProtocolError{"the health cannot be read: " + members.error().detail});
    auto jobs =
        members_of(*members, "jobs",
                   {{"completed", 64}, {"failed", 64}, {"inProgress", 64}, {"inQueue", 64}, {"retried", 64}});
    auto workers = members_of(*members, "workers",
                              {{"idle", 64},
                               {"initializing", 64},
                               {"ready", 64},
                               {"running", 64},
                               {"throttled", 64},
                               {"unhealthy", 64}});
    const auto job = [&](std::string_view name) { return jobs.take_count(name).value_or(0); };
    const auto worker = [&](std::string_view name) { return workers.take_count(name).value_or(0); };
    EndpointHealth health;
    health.jobs = {job("completed"), job("failed"), job("inProgress"), job("inQueue"), job("retried")};
    health.workers = {worker("idle"),    worker("initializing"), worker("ready"),
                      worker("running"), worker("throttled"),    worker("unhealthy")};
    return health;
}

std::string write_health(const EndpointHealth& health) {
    JsonWriter json;
    const auto& jobs = health.jobs;
    const auto& workers = health.workers;
    json.begin_object().key("jobs").begin_object();
    json.member("completed", jobs.completed).member("failed", jobs.failed);
    json.member("inProgress", jobs.in_progress).member("inQueue", jobs.in_queue);
    json.member("retried", jobs.retried).end_object();
    json.key("workers").begin_object();
    json.member("idle", workers.idle).member("initializing", workers.initializing);
    json.member("ready", workers.ready).member("running", workers.running);
    json.member("throttled", workers.throttled).member("unhealthy", workers.unhealthy).end_object();
    return json.end_object().take();
}

Diagnosis diagnose(const EndpointHealth& health, Milliseconds waiting) {
    if (health.jobs.in_queue > 0) return diagnose_waiting(health, waiting);
    if (health.workers.unhealthy > 0 &&
        health.workers.running + health.workers.idle + health.workers.ready == 0)
        return {HealthVerdict::crash_loop,
                "no job waits, but every worker is unhealthy: the next job will not be taken"};
    return {HealthVerdict::fine, "no job waits"};
}

}  // namespace darkroom::runpod
