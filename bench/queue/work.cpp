// Throughput: rounds in which every side has its turn, so that whatever the machine does hits all of them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>

#include "bench/queue/failure.h"
#include "bench/queue/measure.h"

namespace darkroom::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int pilot_jobs = 1'000;
constexpr int jobs_min = 500;
constexpr int jobs_per_call = 100;

const char* const enqueue_single = "enqueue, one call each: jobs/s";
const char* const enqueue_bulk = "enqueue, 100 a call: jobs/s";
const char* const work_single = "enqueue and work, one call each: jobs/s";
const char* const work_bulk = "enqueue and work, 100 a call: jobs/s";

double enqueue_rate(Side& side, int jobs, int size) {
    const double rate = jobs / side.enqueue(jobs, size);
    side.clear();
    return rate;
}

// Workers wait when the first job comes; the clock stops when the last one has been worked on.
double work_rate(Side& side, int jobs, int size) {
    (void)side.ask_worker({{"op", "start_worker"}, {"why", "throughput"}});
    const auto begun = Steady::now();
    (void)side.enqueue(jobs, size);
    (void)side.ask_worker({{"op", "worked"}, {"jobs", jobs}});
    const double seconds = std::chrono::duration<double>(Steady::now() - begun).count();
    (void)side.ask_worker({{"op", "stop_worker"}});
    side.expect_empty();
    return jobs / seconds;
}

struct Contestant {
    std::unique_ptr<Side> side;
    int jobs = 0;       // of a round
    int jobs_bulk = 0;  // multiples of jobs_per_call
    std::map<std::string, std::vector<double>> rates;
};

int jobs_for(const QueuePlan& plan, double rate) {
    const int jobs = std::clamp(static_cast<int>(rate * plan.round_s), jobs_min, plan.jobs_max);
    return jobs / jobs_per_call * jobs_per_call;
}

// Warms what has to be warm, and tells how many jobs are a round.
void try_out(const QueuePlan& plan, Contestant& one) {
    (void)work_rate(*one.side, pilot_jobs, 0);
    one.jobs = jobs_for(plan, work_rate(*one.side, pilot_jobs, 0));
    if (one.side->facts().bulk)
        one.jobs_bulk = jobs_for(plan, work_rate(*one.side, 5 * pilot_jobs, jobs_per_call));
}

void run_round(Contestant& one) {
    auto& side = *one.side;
    one.rates[enqueue_single].push_back(enqueue_rate(side, one.jobs, 0));
    one.rates[work_single].push_back(work_rate(side, one.jobs, 0));
    if (!side.facts().bulk) return;
    one.rates[enqueue_bulk].push_back(enqueue_rate(side, one.jobs_bulk, jobs_per_call));
    one.rates[work_bulk].push_back(work_rate(side, one.jobs_bulk, jobs_per_call));
}

}  // namespace

void measure_work(const QueuePlan& plan, Findings& findings) {
    findings.parts.push_back({"work", "Throughput",
                              "Jobs per second, medians of " + std::to_string(plan.rounds) +
                                  " rounds in turns. One call each: 64 callers, each waiting for its answer "
                                  "before it sends the next "
                                  "job. Workers do nothing but count."});
    std::unique_ptr<testing::PostgresServer> postgres;
    std::vector<Contestant> all;
    for (const auto& facts : plan.sides) {
        if (facts.needs_postgres && !postgres) postgres = start_postgres(plan.stage, "work-postgres", false);
        auto& one = all.emplace_back();
        one.side =
            std::make_unique<Side>(plan.stage, facts, postgres.get(), "work-" + std::to_string(all.size()));
        try_out(plan, one);
    }
    for (int round = 0; round < plan.rounds; ++round) {
        for (auto& one : all) run_round(one);
        std::fprintf(stderr, "work: round %d of %d\n", round + 1, plan.rounds);
    }
    for (const auto& measure : {enqueue_single, enqueue_bulk, work_single, work_bulk}) {
        for (auto& one : all) {
            const auto found = one.rates.find(measure);
            if (found != one.rates.end())
                findings.add("work", measure, one.side->facts().name, found->second);
        }
    }
}

}  // namespace darkroom::bench
