// Durable POST /jobs at 64 connections beside what the same disk does one commit at a time, in one run.
#include <cstdio>

#include "bench/gateway/load.h"
#include "bench/gateway/synced_commits.h"
#include "bench/gateway/workbench.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds warm_up{1'000};
constexpr Milliseconds yardstick_time{1'000};
constexpr double times_the_yardstick = 20;
constexpr double enough_per_second = 10'000;

struct Rounds {
    std::vector<double> commits;  // per second
    std::vector<double> posts;    // per second
    std::vector<double> p50;
    std::vector<double> p99;
    std::vector<double> cpu_us;  // of the server for each answer
    std::int64_t acknowledged = 0;
    std::int64_t failed = 0;
};

// In turns, so that both see the same disk: it may be twice as fast a minute later.
void run_rounds(const Workbench& bench, const GatewayProcess& gateway, LoadPlan plan,
                SyncedCommits& yardstick, Rounds& rounds) {
    plan.duration = warm_up;
    const auto warm = run_load(plan);
    rounds.acknowledged += warm.answered_all;
    rounds.failed += warm.failed;
    plan.duration = bench.round;
    for (int round = 0; round < bench.rounds; ++round) {
        rounds.commits.push_back(yardstick.per_second(yardstick_time));
        const auto cpu_before = cpu_seconds_of(gateway.pid());
        const auto load = run_load(plan);
        const auto cpu = cpu_seconds_of(gateway.pid()) - cpu_before;
        rounds.acknowledged += load.answered_all;
        rounds.failed += load.failed;
        if (load.answered == 0) continue;
        rounds.posts.push_back(load.per_second());
        rounds.p50.push_back(percentile(load.latencies_ms, 0.5));
        rounds.p99.push_back(percentile(load.latencies_ms, 0.99));
        rounds.cpu_us.push_back(cpu * 1e6 / static_cast<double>(load.answered_all));
    }
}

void report(Workbench& bench, const Rounds& rounds) {
    const auto commits = median(rounds.commits);
    const auto posts = median(rounds.posts);
    Table table({"durable writes, medians of " + std::to_string(rounds.posts.size()), "per second",
                 "times the disk", "p50 ms", "p99 ms", "server's CPU µs each"});
    table.add({"one thread, one row and one sync each (SQLite)", number(commits), "1.0", "", "", ""});
    table.add({"POST /api/v1/jobs, 64 connections", number(posts), number(posts / commits, 1),
               number(median(rounds.p50), 1), number(median(rounds.p99), 1), number(median(rounds.cpu_us))});
    table.print();
    const auto wanted = std::min(times_the_yardstick * commits, enough_per_second);
    bench.verdicts.say("durable POST /jobs",
                       "min(20 × " + number(commits) + ", 10,000) = " + number(wanted) + "/s",
                       number(posts) + "/s", posts >= wanted);
}

}  // namespace

Measured measure_posts(Workbench& bench) {
    const auto data_dir = bench.make_data_dir("posts");
    const auto gateway = GatewayProcess::start(bench.gateway(data_dir));
    if (!gateway) return Fail(gateway.error());
    const auto upload = (*gateway)->upload_picture();
    if (!upload) return Fail(upload.error());
    if (auto frozen = (*gateway)->freeze_work(*upload); !frozen) return frozen;
    const auto queued_before = (*gateway)->jobs_in_queue();
    if (!queued_before) return Fail(queued_before.error());

    SyncedCommits yardstick(bench.folder);
    Rounds rounds;
    run_rounds(
        bench, **gateway,
        {.port = (*gateway)->port(), .request = (*gateway)->job_request(*upload), .expected_status = 201},
        yardstick, rounds);
    if (rounds.posts.empty() || rounds.failed > 0)
        return Fail(std::to_string(rounds.failed) + " requests were not answered with 201");
    report(bench, rounds);
    const auto queued = (*gateway)->jobs_in_queue();
    if (!queued) return Fail(queued.error());
    if (*queued - *queued_before != rounds.acknowledged) {
        return Fail(std::to_string(rounds.acknowledged) + " jobs were acknowledged, but the queue grew by " +
                    std::to_string(*queued - *queued_before));
    }
    std::printf("- %s jobs were acknowledged, and the queue has grown by exactly that many.\n",
                number(static_cast<double>(rounds.acknowledged)).c_str());
    return {};
}

}  // namespace darkroom::bench
