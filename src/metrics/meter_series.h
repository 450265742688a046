// The families of PrometheusMeters, each with its name, help and labels.
#pragma once
#include "metrics/prometheus_meters.h"
#include "metrics/series_table.h"

namespace darkroom::metrics {

// Of answers and commits, of jobs, and of what is done at once; in seconds, and in pieces.
inline const std::vector<double> quick_seconds{.0005, .001, .0025, .005, .01, .025, .05,
                                               .1,    .25,  .5,    1,    2.5, 10,   60};
inline const std::vector<double> job_seconds{.05, .1, .25, .5,  1,     2.5,   5,     10,
                                             30,  60, 120, 300, 1'800, 7'200, 86'400};
inline const std::vector<double> batch_sizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

struct PrometheusMeters::Series {
    FamilyList families;

    Counters jobs_created{families,
                          {"darkroom_jobs_created_total",
                           "Wishes for a job's work: new jobs, retries and reruns by their owners.",
                           {"type", "source"}}};
    Counters jobs_finished{
        families,
        {"darkroom_jobs_finished_total", "Jobs that have ended, by how.", {"type", "status", "error_code"}}};
    Histograms queue_wait{families,
                          {"darkroom_job_queue_wait_seconds",
                           "From the wish to the claim of its first attempt.",
                           {"type", "endpoint"}},
                          job_seconds};
    Histograms run{
        families,
        {"darkroom_job_run_seconds", "From the claim of an attempt to its end.", {"type", "endpoint"}},
        job_seconds};
    Histograms total{
        families,
        {"darkroom_job_total_seconds", "From a job's creation to its end, of jobs that succeeded.", {"type"}},
        job_seconds};
    Counters attempts{families,
                      {"darkroom_attempts_total",
                       "Attempts that have ended; retried = failed, and another one follows.",
                       {"endpoint", "outcome", "error_code"}}};
    Counters retries{families,
                     {"darkroom_retries_total",
                      "Attempts that another one follows, by the rule that allows it and by what went wrong.",
                      {"class", "error_code"}}};
    Counters moves_lost{families,
                        {"darkroom_transition_lost_total",
                         "Changes of a job that came too late or too early and changed nothing.",
                         {"from", "event"}}};
    Histograms claim{
        families, {"darkroom_claim_seconds", "Time of one claim, its commit included."}, quick_seconds};
    Histograms claim_batch{families, {"darkroom_claim_batch_size", "Jobs taken by one claim."}, batch_sizes};
    Histograms commit{
        families, {"darkroom_commit_seconds", "Time of one transaction with its commit."}, quick_seconds};
    Histograms commit_batch{
        families, {"darkroom_commit_batch_size", "Operations that shared one commit."}, batch_sizes};
    Counters leases{families,
                    {"darkroom_lease_expired_total", "Attempts taken over from nodes whose lease was over."}};
    Counters flow_corrected{
        families,
        {"darkroom_flow_corrected_total", "Users whose share of the queue was counted wrong: a bug."}};

    Histograms dispatch{
        families, {"darkroom_dispatch_seconds", "Time of one round of the dispatcher."}, quick_seconds};
    Gauges last_tick{families,
                     {"darkroom_dispatcher_last_tick_timestamp_seconds",
                      "When the dispatcher last ended a round; 0 = never in this process."}};
    Gauges leader{families,
                  {"darkroom_dispatcher_leader", "Whether this process brings jobs to backends: 0 or 1."}};
    Counters completions{families,
                         {"darkroom_completions_total",
                          "Ends of attempts that were told, by how they were heard and what became of it.",
                          {"endpoint", "via", "verdict"}}};
    Counters recovered{families,
                       {"darkroom_reconcile_recovered_total",
                        "Ends that were found although no message told of them.",
                        {"endpoint", "cause"}}};
    Counters gpu_seconds{
        families, {"darkroom_gpu_seconds_total", "Execution time that endpoints told of.", {"endpoint"}}};
    Counters spend{families,
                   {"darkroom_spend_usd_total", "Cost of that time by the endpoints' prices.", {"endpoint"}}};
    Counters webhooks{
        families,
        {"darkroom_webhooks_received_total", "Messages from RunPod and its workers, by kind.", {"kind"}}};
    Counters webhook_outcomes{
        families,
        {"darkroom_webhook_outcomes_total",
         "Messages that were worked off: a hint only makes Darkroom look, a report counts.",
         {"kind", "outcome"}}};
    Counters webhook_duplicates{
        families, {"darkroom_webhook_duplicates_total", "Of these, those that were kept before."}};

    Counters provider_requests{
        families,
        {"darkroom_provider_requests_total",
         "Requests to endpoints, by what was asked and the HTTP status or why none came.",
         {"endpoint", "op", "code"}}};
    Histograms provider_seconds{
        families,
        {"darkroom_provider_request_seconds", "Time of requests to endpoints.", {"endpoint", "op"}},
        quick_seconds};
    Counters storage_ops{
        families, {"darkroom_storage_ops_total", "Calls of the object stores.", {"store", "op", "outcome"}}};
    Histograms storage_seconds{
        families,
        {"darkroom_storage_op_seconds", "Time of calls of the object stores.", {"store", "op"}},
        quick_seconds};
    Counters storage_bytes{families,
                           {"darkroom_storage_bytes_total",
                            "Bytes that went into the object stores (in) and came out (out).",
                            {"store", "direction"}}};
    Counters http_requests{
        families,
        {"darkroom_http_requests_total", "Answered requests by route.", {"route", "method", "code"}}};
    Histograms http_seconds{
        families,
        {"darkroom_http_request_seconds",
         "From a request's head to the end of its answer; event streams and held answers left out.",
         {"route", "method"}},
        quick_seconds};
    Gauges streams{families, {"darkroom_sse_connections", "Event streams that are open."}};
};

}  // namespace darkroom::metrics
