// What a fetch costs as the queue grows. All queues of one side are there at once and are asked in turns.
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "bench/gateway/figures.h"
#include "bench/queue/measure.h"
#include "bench/queue/takes.h"

namespace darkroom::bench {
namespace {

constexpr int fill_bulk = 500;  // jobs of one call, where there is such a call
constexpr int warm_up_takes = 3;

struct Queue {
    int length = 0;
    std::unique_ptr<Side> side;
    std::unique_ptr<Takes> takes;
};

std::string name_of(int length) { return number(length) + " queued"; }

// Redis has the whole queue in memory, about 1 KB for each job, and the machine must not begin to swap.
bool has_room(const SideFacts& facts, int length) {
    if (facts.needs_postgres || facts.ours) return true;
    std::ifstream memory("/proc/meminfo");
    double available_kb = 0;
    for (std::string line; std::getline(memory, line);) {
        if (line.starts_with("MemAvailable:")) available_kb = std::stod(line.substr(13));
    }
    return 1.5 * length < available_kb;
}

Queue fill_queue(const QueuePlan& plan, const SideFacts& facts, testing::PostgresServer* postgres, int length,
                 Findings& findings) {
    Queue queue;
    queue.length = length;
    queue.side = std::make_unique<Side>(
        plan.stage, facts, postgres,
        "claims-" + std::to_string(static_cast<int>(facts.id)) + "-" + std::to_string(length));
    queue.takes = std::make_unique<Takes>(*queue.side, postgres);
    const double seconds = queue.side->enqueue(length, facts.bulk ? fill_bulk : 0);
    std::fprintf(stderr, "claims: %s, %s jobs in %.0f s\n", facts.name, number(length).c_str(), seconds);
    // Before anything else is asked of them: the server's share is that of this queue and the shorter ones.
    const auto state = name_of(length) + ": ";
    findings.add("memory", state + "client MiB", facts.name, {queue.side->client_mib()}, 1);
    const double server = queue.side->server_mib();
    if (server > 0) findings.add("memory", state + "server MiB", facts.name, {server});
    queue.side->settle_down();
    return queue;
}

void measure_claims_of(const QueuePlan& plan, const SideFacts& facts, Findings& findings) {
    std::unique_ptr<testing::PostgresServer> postgres;
    if (facts.needs_postgres) {
        postgres =
            start_postgres(plan.stage, "claims-postgres-" + std::to_string(static_cast<int>(facts.id)), true);
    }
    std::vector<Queue> queues;
    queues.reserve(plan.queue_lengths.size());
    for (const int length : plan.queue_lengths) {
        if (has_room(facts, length)) {
            queues.push_back(fill_queue(plan, facts, postgres.get(), length, findings));
        } else {
            std::printf("- left out: %s with %s jobs: there is no memory for them\n", facts.name,
                        number(length).c_str());
        }
    }
    for (auto& queue : queues) {
        for (int i = 0; i < warm_up_takes; ++i) queue.takes->once();
        queue.takes->forget();
    }
    // Each queue is first as often as last.
    for (std::size_t turn = 0; turn < static_cast<std::size_t>(plan.takes); ++turn) {
        for (std::size_t i = 0; i < queues.size(); ++i) queues[(turn + i) % queues.size()].takes->once();
    }
    for (const auto& queue : queues)
        add_takes(findings, "claims", name_of(queue.length), facts, *queue.takes);
    const auto& shortest = queues.front();
    const auto& longest = queues.back();
    findings.add("claims", "longest ÷ shortest", facts.name,
                 {median(longest.takes->ms()) / median(shortest.takes->ms())}, 2);
}

}  // namespace

void measure_claims(const QueuePlan& plan, Findings& findings) {
    findings.parts.push_back(
        {"claims", "A fetch of 100 jobs",
         "Median of " + std::to_string(plan.takes) +
             " fetches beside queues of different lengths, commit included; pages of 8 KiB that Postgres "
             "looked at "
             "meanwhile. BullMQ fetches one job per command, so it is asked for 100 in a pipeline."});
    findings.parts.push_back(
        {"memory", "Memory with a queue",
         "Resident, pages that several processes use counted by their share. A server's figure "
         "has what it keeps in memory for the shorter queues before it as well (Postgres: at "
         "most 256 MB of pages)."});
    for (const auto& facts : plan.sides) {
        if (facts.takes) measure_claims_of(plan, facts, findings);
    }
}

}  // namespace darkroom::bench
