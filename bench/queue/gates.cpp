// The promises of the queue, held against what was found. What was not measured is not judged.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "bench/gateway/figures.h"
#include "bench/queue/measure.h"

namespace darkroom::bench {
namespace {

constexpr const char* work = "enqueue and work, one call each: jobs/s";
constexpr const char* sqlite = "Darkroom, SQLite";
constexpr const char* postgres = "Darkroom, Postgres";

void judge(Findings& findings, const std::string& what, const std::string& target, const std::string& figure,
           bool kept) {
    findings.gates.push_back({what, target, figure, kept});
}

void judge_most(Findings& findings, const std::string& what, const Figure* figure, double most,
                const std::string& unit) {
    if (figure == nullptr) return;
    const int digits = std::max(figure->digits, 1);
    judge(findings, figure->side + ": " + what, "≤ " + number(most, digits) + unit,
          number(figure->value, digits) + unit, figure->value <= most);
}

/// The best of other people's that keep what they have answered through a power cut.
const Figure* best_peer(const QueuePlan& plan, const Findings& findings) {
    const Figure* best = nullptr;
    for (const auto& facts : plan.sides) {
        const auto* figure = findings.find("work", work, facts.name);
        if (figure != nullptr && !facts.ours && facts.synced &&
            (best == nullptr || figure->value > best->value))
            best = figure;
    }
    return best;
}

void judge_throughput(const QueuePlan& plan, Findings& findings) {
    const auto* best = best_peer(plan, findings);
    if (best == nullptr) return;
    const std::pair<const char*, double> wanted[] = {{postgres, 1.5}, {sqlite, 1.0}};
    for (const auto& [side, times] : wanted) {
        const auto* ours = findings.find("work", work, side);
        if (ours == nullptr) continue;
        const double ratio = ours->value / best->value;
        judge(findings,
              std::string(side) + ": enqueue and work, times the best synced peer (" + best->side + ", " +
                  number(best->value) + ")",
              "≥ " + number(times, 1), number(ratio, 2) + " (" + number(ours->value) + " jobs/s)",
              ratio >= times);
    }
}

}  // namespace

void add_gates(const QueuePlan& plan, Findings& findings) {
    judge_throughput(plan, findings);
    for (const char* side : {sqlite, postgres}) {
        const auto longest = number(plan.queue_lengths.back());
        judge_most(findings,
                   "fetch beside " + longest + " queued ÷ beside " + number(plan.queue_lengths.front()),
                   findings.find("claims", "longest ÷ shortest", side), 1.3, " ×");
        judge_most(findings,
                   "fetch after " + number(plan.pinned_jobs) + " jobs beside a long transaction ÷ before",
                   findings.find("pinned", "after ÷ before", side), 2, " ×");
        judge_most(findings, "POST /jobs at 1,000/s beside " + number(plan.backlog) + ", p99",
                   findings.find("posts", "at 1,000/s: p99 ms", side), 50, " ms");
        judge_most(findings, "gateway's memory meanwhile",
                   findings.find("posts", "gateway's resident MiB", side), 40, " MiB");
    }
}

}  // namespace darkroom::bench
