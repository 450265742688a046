// POST /jobs through a real gateway, beside a long queue. Nothing is worked on meanwhile: the one pixel
// process is stopped, and the jobs of the long queue are for a backend that this gateway does not have.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "bench/gateway/figures.h"
#include "bench/gateway/gateway_process.h"
#include "bench/gateway/load.h"
#include "bench/queue/failure.h"
#include "bench/queue/measure.h"

namespace darkroom::bench {
namespace {

constexpr int connections = 64;
constexpr double fixed_rate = 1'000;
constexpr Milliseconds posts_warm_up{1'000};
constexpr const char* elsewhere = "pod";

template <class T>
T must(Result<T, std::string> result, const SideFacts& facts) {
    if (!result) throw CannotMeasure(std::string(facts.name) + ": " + result.error());
    return std::move(result).value();
}

GatewayProcess::Plan plan_gateway(const QueuePlan& plan, const Side& side) {
    GatewayProcess::Plan gateway;
    gateway.program = plan.darkroom;
    gateway.data_dir =
        plan.stage.folder / ("gateway-" + std::to_string(static_cast<int>(side.facts().id))) / "data";
    std::filesystem::create_directories(gateway.data_dir);
    std::filesystem::permissions(gateway.data_dir, std::filesystem::perms::owner_all);
    if (side.facts().needs_postgres) {
        gateway.variables.push_back("DATABASE_URL=" + side.where());
    } else {
        std::filesystem::rename(side.where(), gateway.data_dir / "darkroom.db");
    }
    return gateway;
}

LoadResult run(LoadPlan load, Milliseconds duration, double per_second, const SideFacts& facts) {
    load.duration = duration;
    load.per_second = per_second;
    auto result = run_load(load);
    if (result.failed > 0 || result.answered == 0) {
        throw CannotMeasure(std::string(facts.name) + ": " + std::to_string(result.failed) +
                            " requests were not answered with 201");
    }
    return result;
}

// Every acknowledged job is in the queue, beside those that were there before.
void expect_queued(const GatewayProcess& gateway, const SideFacts& facts, std::int64_t before,
                   std::int64_t acknowledged) {
    const auto queued = must(gateway.jobs_in_queue(), facts);
    if (queued == before + acknowledged) return;
    throw CannotMeasure(std::string(facts.name) + ": " + std::to_string(acknowledged) + " jobs beside " +
                        std::to_string(before) + " were acknowledged, but " + std::to_string(queued) +
                        " wait");
}

void measure_posts_of(const QueuePlan& plan, const SideFacts& facts, Findings& findings) {
    std::unique_ptr<testing::PostgresServer> postgres;
    if (facts.needs_postgres) postgres = start_postgres(plan.stage, "posts-postgres", false);
    Side side(plan.stage, facts, postgres.get(), "posts-" + std::to_string(static_cast<int>(facts.id)));
    (void)side.ask({{"op", "enqueue"}, {"jobs", plan.backlog}, {"producers", 256}, {"backend", elsewhere}},
                   Milliseconds(3'600'000));
    side.settle_down();
    side.end_client();
    std::fprintf(stderr, "posts: %s, %s jobs are queued\n", facts.name, number(plan.backlog).c_str());

    const auto gateway = must(GatewayProcess::start(plan_gateway(plan, side)), facts);
    const auto upload = must(gateway->upload_picture(), facts);
    if (auto frozen = gateway->freeze_work(upload); !frozen) throw CannotMeasure(frozen.error());
    const LoadPlan load{.port = gateway->port(),
                        .connections = connections,
                        .request = gateway->job_request(upload),
                        .expected_status = 201};
    const auto before = must(gateway->jobs_in_queue(), facts);
    const auto warm = run(load, posts_warm_up, 0, facts);
    const Milliseconds duration(static_cast<int>(plan.posts_s * 1'000));
    const auto fast = run(load, duration / 4, 0, facts);
    const auto steady = run(load, duration, fixed_rate, facts);
    expect_queued(*gateway, facts, std::max<std::int64_t>(before, plan.backlog),
                  warm.answered_all + fast.answered_all + steady.answered_all);
    findings.add("posts", "64 connections: jobs/s", facts.name, {fast.per_second()});
    findings.add("posts", "at 1,000/s: p50 ms", facts.name, {percentile(steady.latencies_ms, 0.5)}, 1);
    findings.add("posts", "at 1,000/s: p99 ms", facts.name, {percentile(steady.latencies_ms, 0.99)}, 1);
    findings.add("posts", "at 1,000/s: slowest ms", facts.name, {percentile(steady.latencies_ms, 1)}, 1);
    findings.add("posts", "gateway's resident MiB", facts.name, {memory_of(gateway->pid()).resident}, 1);
}

}  // namespace

void measure_posts(const QueuePlan& plan, Findings& findings) {
    findings.parts.push_back(
        {"posts", "POST /jobs",
         "Through darkroom serve and kept connections, beside " + number(plan.backlog) +
             " queued jobs; each 201 stands for a synced commit. At the fixed rate a request "
             "counts from the moment it was due."});
    for (const auto& facts : plan.sides) {
        if (facts.ours) measure_posts_of(plan, facts, findings);
    }
}

}  // namespace darkroom::bench
