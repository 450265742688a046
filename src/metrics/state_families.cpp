#include "metrics/state_families.h"

#include <map>

#include "base/log_counts.h"
#include "metrics/moment_family.h"

namespace darkroom::metrics {
namespace {

using prometheus::MetricFamily;

double number(std::int64_t value) { return static_cast<double>(value); }

MetricFamily jobs_family(const ports::StoreGauges& gauges) {
    MomentFamily jobs("darkroom_jobs", "Open jobs by state and by the kind of endpoint that works on them.");
    for (const auto& queue : gauges.queues)
        jobs.add(number(queue.ready + queue.delayed + queue.backlog),
                 {{"state", "queued"}, {"class", queue.backend}});
    std::map<std::string, std::int64_t> inflight;
    for (const auto& endpoint : gauges.inflight) inflight[endpoint.backend] += endpoint.attempts;
    for (const auto& [backend, attempts] : inflight)
        jobs.add(number(attempts), {{"state", "inflight"}, {"class", backend}});
    return jobs.take();
}

MetricFamily depth_family(const ports::StoreGauges& gauges) {
    MomentFamily depth(
        "darkroom_queue_depth",
        "Jobs that wait: ready for the next claim, delayed until a date, or in the backlog of a "
        "user who has enough in line.");
    for (const auto& queue : gauges.queues) {
        depth.add(number(queue.ready), {{"queue", queue.backend}, {"stage", "ready"}});
        depth.add(number(queue.delayed), {{"queue", queue.backend}, {"stage", "delayed"}});
        depth.add(number(queue.backlog), {{"queue", queue.backend}, {"stage", "backlog"}});
    }
    return depth.take();
}

MetricFamily age_family(const ports::StoreGauges& gauges) {
    MomentFamily age("darkroom_queue_oldest_age_seconds",
                     "How long the oldest job that could be claimed waits; 0 = none does.");
    for (const auto& queue : gauges.queues) {
        const auto oldest = queue.oldest_ready.value_or(std::chrono::milliseconds(0));
        age.add(std::chrono::duration<double>(oldest).count(),
                {{"queue", queue.backend}, {"stage", "ready"}});
    }
    return age.take();
}

MetricFamily ended_family(const ports::StoreGauges& gauges) {
    MomentFamily ended("darkroom_jobs_ended",
                       "Jobs that have ended and that retention left, chains and their steps included.");
    for (const auto& some : gauges.ended)
        ended.add(number(some.jobs), {{"type", some.type},
                                      {"status", std::string(core::to_string(some.status))},
                                      {"error_code", some.code}});
    return ended.take();
}

MetricFamily users_family(const std::optional<ports::StoreGauges>& gauges) {
    MomentFamily users(
        "darkroom_user_storage_bytes",
        "Uploads and results of the users with most of them, as many as DARKROOM_METRICS_USERS "
        "says, and of all others.");
    if (!gauges) return users.take();
    const std::string others_name = "other";
    auto others = gauges->other_users_bytes;
    for (const auto& user : gauges->users) {
        if (user.user == others_name)
            others += user.bytes;  // somebody is really called so
        else
            users.add(number(user.bytes), {{"user", user.user}});
    }
    return users.add(number(others), {{"user", others_name}}).take();
}

void add_postgres(const ports::StoreGauges& gauges, std::vector<MetricFamily>& families) {
    MomentFamily snapshot("darkroom_pg_xmin_age_seconds",
                          "Age of the oldest transaction that keeps Postgres from cleaning up.");
    if (gauges.oldest_snapshot_s) snapshot.add(*gauges.oldest_snapshot_s);
    families.push_back(snapshot.take());
    MomentFamily garbage("darkroom_pg_dead_tuples", "Rows that Postgres has not cleaned up yet, by table.");
    for (const auto& [table, rows] : gauges.garbage) garbage.add(number(rows), {{"table", table}});
    families.push_back(garbage.take());
}

}  // namespace

std::vector<MetricFamily> store_families(const std::optional<ports::StoreGauges>& told) {
    const auto gauges = told.value_or(ports::StoreGauges{});
    std::vector<MetricFamily> families{jobs_family(gauges), depth_family(gauges), age_family(gauges),
                                       ended_family(gauges), users_family(told)};
    MomentFamily inflight("darkroom_inflight", "Attempts at work, of all nodes.");
    for (const auto& endpoint : gauges.inflight)
        inflight.add(number(endpoint.attempts), {{"endpoint", endpoint.endpoint}});
    families.push_back(inflight.take());
    MomentFamily inbox("darkroom_webhook_inbox_backlog", "Messages of RunPod and workers, not worked off.");
    if (told) inbox.add(number(gauges.inbox));
    families.push_back(inbox.take());
    MomentFamily nodes("darkroom_nodes", "Processes that are alive on this database.");
    if (told) nodes.add(number(gauges.nodes));
    families.push_back(nodes.take());
    add_postgres(gauges, families);
    families.push_back(
        MomentFamily("darkroom_db_up", "Whether the database answered: 0 or 1.").add(told ? 1 : 0).take());
    return families;
}

std::vector<MetricFamily> endpoint_families(const std::vector<EndpointState>& endpoints) {
    MomentFamily limit("darkroom_inflight_limit",
                       "Attempts that may be at work there at once; of local, on this node.");
    MomentFamily up("darkroom_executor_up", "Whether the endpoint gets work from this process: 0 or 1.");
    for (const auto& endpoint : endpoints) {
        limit.add(endpoint.inflight_max, {{"endpoint", endpoint.name}});
        up.add(endpoint.is_up ? 1 : 0, {{"endpoint", endpoint.name}});
    }
    return {limit.take(), up.take()};
}

MetricFamily build_family(const std::string& version) {
    return MomentFamily("darkroom_build_info", "Always 1; the label tells the version.")
        .add(1, {{"version", version}})
        .take();
}

MetricFamily log_family() {
    MomentFamily messages("darkroom_log_messages_total", "Lines for the log, by level.",
                          prometheus::MetricType::Counter);
    const auto counts = log::written();
    for (const auto& [level, lines] :
         {std::pair("debug", counts.debug), std::pair("info", counts.info),
          std::pair("warning", counts.warning), std::pair("error", counts.error)})
        messages.add(static_cast<double>(lines), {{"level", level}});
    return messages.take();
}

}  // namespace darkroom::metrics
