// Latency: an open loop sends jobs at a fixed rate, far below what any side can do, and each says when it was
// sent.
#include <cstdio>
#include <map>
#include <memory>

#include "bench/gateway/figures.h"
#include "bench/queue/measure.h"

namespace darkroom::bench {
namespace {

constexpr int rates[] = {200, 500};  // jobs per second

struct Waits {
    std::vector<double> p50;
    std::vector<double> p99;
};

void run_once(Side& side, int rate, double seconds, Waits& waits) {
    (void)side.ask_worker({{"op", "start_worker"}, {"why", "latency"}});
    const auto sent = side.ask({{"op", "send_at_rate"}, {"rate", rate}, {"seconds", seconds}});
    (void)side.ask_worker({{"op", "worked"}, {"jobs", sent.at("sent")}});
    const auto found = side.ask_worker({{"op", "latencies"}});
    (void)side.ask_worker({{"op", "stop_worker"}});
    side.expect_empty();
    waits.p50.push_back(found.at("p50_ms").to_number<double>());
    waits.p99.push_back(found.at("p99_ms").to_number<double>());
}

}  // namespace

void measure_latency(const QueuePlan& plan, Findings& findings) {
    findings.parts.push_back(
        {"latency", "Latency",
         "Milliseconds from the call that creates a job to the begin of its work; medians of " +
             std::to_string(plan.latency_rounds) + " rounds of " + number(plan.latency_s) + " s in turns."});
    std::unique_ptr<testing::PostgresServer> postgres;
    std::vector<std::unique_ptr<Side>> sides;
    for (const auto& facts : plan.sides) {
        if (facts.needs_postgres && !postgres)
            postgres = start_postgres(plan.stage, "latency-postgres", false);
        sides.push_back(std::make_unique<Side>(plan.stage, facts, postgres.get(),
                                               "latency-" + std::to_string(sides.size())));
        Waits warm;
        run_once(*sides.back(), rates[0], 1, warm);
    }
    std::map<std::pair<int, const Side*>, Waits> waits;
    for (int round = 0; round < plan.latency_rounds; ++round) {
        for (const int rate : rates) {
            for (const auto& side : sides) run_once(*side, rate, plan.latency_s, waits[{rate, side.get()}]);
        }
        std::fprintf(stderr, "latency: round %d of %d\n", round + 1, plan.latency_rounds);
    }
    for (const int rate : rates) {
        for (const auto& side : sides) {
            const auto& found = waits[{rate, side.get()}];
            const auto at = std::to_string(rate) + "/s, ";
            findings.add("latency", at + "p50 ms", side->facts().name, found.p50, 2);
            findings.add("latency", at + "p99 ms", side->facts().name, found.p99, 2);
        }
    }
}

}  // namespace darkroom::bench
