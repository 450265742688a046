// The long transaction: somebody looks at the data for long (a dashboard, a dump), and all that time no dead
// row may be cleared away. Queues that walk over the rows of finished jobs become slow then.
#include <cstdio>
#include <memory>

#include "bench/gateway/figures.h"
#include "bench/queue/measure.h"
#include "bench/queue/takes.h"

namespace darkroom::bench {
namespace {

constexpr int queued = 1'000;
constexpr int pinned_bulk = 100;
constexpr int pinned_warm_up = 3;

void take_often(Takes& takes, int count) {
    takes.forget();
    for (int i = 0; i < pinned_warm_up; ++i) takes.once();
    takes.forget();
    for (int i = 0; i < count; ++i) takes.once();
}

void measure_pinned_of(const QueuePlan& plan, const SideFacts& facts, Findings& findings) {
    std::unique_ptr<testing::PostgresServer> postgres;
    const auto number_of_side = std::to_string(static_cast<int>(facts.id));
    if (facts.needs_postgres)
        postgres = start_postgres(plan.stage, "pinned-postgres-" + number_of_side, true);
    Side side(plan.stage, facts, postgres.get(), "pinned-" + number_of_side);
    (void)side.enqueue(queued, facts.bulk ? pinned_bulk : 0);
    side.settle_down();
    Takes takes(side, postgres.get());
    take_often(takes, plan.takes);
    add_takes(findings, "pinned", "before", facts, takes);
    const double before = median(takes.ms());

    const auto held = side.hold_snapshot();
    (void)side.ask_worker({{"op", "start_worker"}, {"why", "throughput"}});
    const double seconds = side.enqueue(plan.pinned_jobs, facts.bulk ? pinned_bulk : 0);
    (void)side.ask_worker({{"op", "worked"}, {"jobs", plan.pinned_jobs + queued}});
    (void)side.ask_worker({{"op", "stop_worker"}});
    side.expect_empty();
    std::fprintf(stderr, "pinned: %s, %s jobs in %.0f s\n", facts.name, number(plan.pinned_jobs).c_str(),
                 seconds);
    (void)side.enqueue(queued, facts.bulk ? pinned_bulk : 0);
    take_often(takes, plan.takes);
    add_takes(findings, "pinned", "after", facts, takes);
    findings.add("pinned", "after ÷ before", facts.name, {median(takes.ms()) / before}, 2);
}

}  // namespace

void measure_pinned(const QueuePlan& plan, Findings& findings) {
    findings.parts.push_back(
        {"pinned", "Beside a long transaction",
         "A fetch of 100 of 1,000 jobs, before and after " + number(plan.pinned_jobs) +
             " jobs have passed while a transaction of somebody else stayed open (and still is)."});
    for (const auto& facts : plan.sides) {
        if (facts.needs_postgres || facts.id == SideId::sqlite) measure_pinned_of(plan, facts, findings);
    }
}

}  // namespace darkroom::bench
