// The measurements of bench_queue. Each adds its figures to the findings; they throw CannotMeasure.
#pragma once
#include <functional>
#include <vector>

#include "base/time.h"
#include "bench/queue/findings.h"
#include "bench/queue/side.h"

namespace darkroom::bench {

struct QueuePlan {
    Stage stage;
    std::filesystem::path darkroom;  // the program, for what goes through HTTP
    std::vector<SideFacts> sides;    // those that are here
    int rounds = 5;
    int jobs_max = 20'000;  // of a round, or what takes
    double round_s = 5;     // so long
    int latency_rounds = 3;
    double latency_s = 5;
    std::vector<int> queue_lengths{1'000, 1'000'000};
    int takes = 15;
    int pinned_jobs = 100'000;
    int backlog = 1'000'000;
    double posts_s = 20;
};

/// Jobs per second that come in, and that come in and are worked on at the same time.
void measure_work(const QueuePlan& plan, Findings& findings);
/// From the call that creates a job to the begin of its work, at a fixed rate.
void measure_latency(const QueuePlan& plan, Findings& findings);
/// What one fetch of 100 costs beside short and long queues, and how much memory a long queue takes.
void measure_claims(const QueuePlan& plan, Findings& findings);
/// What it costs after many jobs have passed while a transaction kept their dead rows from being removed.
void measure_pinned(const QueuePlan& plan, Findings& findings);
/// POST /jobs through `darkroom serve`, as fast as it goes and at a fixed rate beside a long queue.
void measure_posts(const QueuePlan& plan, Findings& findings);

/// What was promised, as far as this run can tell.
void add_gates(const QueuePlan& plan, Findings& findings);

}  // namespace darkroom::bench
