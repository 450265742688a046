#include "metrics/prometheus_meters.h"

#include <array>

#include "metrics/meter_series.h"

namespace darkroom::metrics {
namespace {

using core::JobEventKind;
using core::Status;
using ports::Verdict;

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

constexpr std::array verdict_names{"applied", "duplicate", "stale", "rejected"};

constexpr std::string_view via_names[] = {"webhook", "callback", "poll"};

std::string_view outcome_of(const ports::JobMove& move) {
    if (move.event == JobEventKind::retry_later) return "retried";
    switch (*move.attempt) {
        case Status::succeeded:
            return "succeeded";
        case Status::cancelled:
            return "cancelled";
        default:
            return "failed";
    }
}

std::string_view class_of(core::RetryRule rule) {
    switch (rule) {
        case core::RetryRule::never:
            return "never";
        case core::RetryRule::once:
            return "once";
        case core::RetryRule::until_last:
            return "until_last";
        case core::RetryRule::not_counted:
            return "not_counted";
    }
    return "never";
}

std::string_view code_of(const std::optional<core::ErrorCode>& error) {
    return error ? core::to_string(*error) : std::string_view();
}

}  // namespace

PrometheusMeters::PrometheusMeters() : series_(std::make_unique<Series>()) {
    // What has no labels, or few values, is there from the start.
    auto& s = *series_;
    s.claim.of({});
    s.claim_batch.of({});
    s.commit.of({});
    s.commit_batch.of({});
    s.leases.of({});
    s.flow_corrected.of({});
    s.dispatch.of({});
    s.last_tick.of({});
    s.leader.of({});
    s.webhook_duplicates.of({});
    s.streams.of({});
}

PrometheusMeters::~PrometheusMeters() = default;

std::vector<prometheus::MetricFamily> PrometheusMeters::families() const {
    return series_->families.collect();
}

void PrometheusMeters::expect_endpoints(const std::vector<std::string>& names) {
    for (const auto& name : names) {
        series_->attempts.of({name, "succeeded", ""});
        if (name == "local") {
            series_->completions.of({name, "local", "applied"});
            continue;
        }
        for (const auto via : via_names) series_->completions.of({name, via, "applied"});
        series_->recovered.of({name, "poll"});
        series_->gpu_seconds.of({name});
        series_->spend.of({name});
    }
}

void PrometheusMeters::job_created(std::string_view type) {
    series_->jobs_created.of({type, "create"}).Increment();
}

void PrometheusMeters::job_moved(const ports::JobMove& move) {
    auto& s = *series_;
    const auto code = code_of(move.error);
    if (move.event == JobEventKind::requeue || move.event == JobEventKind::rerun) {
        if (!move.is_step)
            s.jobs_created.of({move.type, move.event == JobEventKind::rerun ? "rerun" : "retry"}).Increment();
        return;
    }
    if (move.waited) s.queue_wait.of({move.type, move.endpoint}).Observe(seconds(*move.waited));
    if (move.event == JobEventKind::give_back) s.attempts.of({move.endpoint, "given_back", ""}).Increment();
    if (move.attempt && core::is_terminal(*move.attempt)) {
        s.attempts.of({move.endpoint, outcome_of(move), code}).Increment();
        if (move.ran) s.run.of({move.type, move.endpoint}).Observe(seconds(*move.ran));
    }
    if (move.event == JobEventKind::retry_later && move.error)
        s.retries.of({class_of(core::traits(*move.error).retry), code}).Increment();
    if (!core::is_terminal(move.after) || move.is_step) return;
    // Where a rerun failed, the job shows what it showed before; what was wished for has failed all the same.
    const auto status = move.attempt.value_or(move.after);
    s.jobs_finished.of({move.type, core::to_string(status), code}).Increment();
    if (move.total && status == Status::succeeded) s.total.of({move.type}).Observe(seconds(*move.total));
}

void PrometheusMeters::move_lost(Status from, JobEventKind event) {
    series_->moves_lost.of({core::to_string(from), core::to_string(event)}).Increment();
}

void PrometheusMeters::claimed(std::chrono::nanoseconds took, std::size_t jobs) {
    series_->claim.of({}).Observe(seconds(took));
    // A look at an empty line is no batch.
    if (jobs > 0) series_->claim_batch.of({}).Observe(static_cast<double>(jobs));
}

void PrometheusMeters::committed(std::chrono::nanoseconds took, std::size_t operations) {
    series_->commit.of({}).Observe(seconds(took));
    series_->commit_batch.of({}).Observe(static_cast<double>(operations));
}

void PrometheusMeters::leases_expired(std::size_t rows) {
    series_->leases.of({}).Increment(static_cast<double>(rows));
}

void PrometheusMeters::flow_corrected(std::size_t users) {
    series_->flow_corrected.of({}).Increment(static_cast<double>(users));
}

void PrometheusMeters::dispatch_round(std::chrono::nanoseconds took) {
    series_->dispatch.of({}).Observe(seconds(took));
    series_->last_tick.of({}).SetToCurrentTime();
}

void PrometheusMeters::dispatches(bool does) { series_->leader.of({}).Set(does ? 1 : 0); }

void PrometheusMeters::completion(std::string_view endpoint, std::string_view via, Verdict verdict) {
    series_->completions.of({endpoint, via, verdict_names.at(static_cast<std::size_t>(verdict))}).Increment();
}

void PrometheusMeters::recovered(std::string_view endpoint, std::string_view cause) {
    series_->recovered.of({endpoint, cause}).Increment();
}

void PrometheusMeters::work_paid(std::string_view endpoint, std::chrono::milliseconds execution,
                                 std::int64_t micro_usd) {
    constexpr double micro = 1e-6;
    if (execution.count() > 0) series_->gpu_seconds.of({endpoint}).Increment(seconds(execution));
    if (micro_usd > 0) series_->spend.of({endpoint}).Increment(static_cast<double>(micro_usd) * micro);
}

void PrometheusMeters::webhook_heard(std::string_view what) {
    series_->webhooks.of({what}).Increment();
    if (what == "replayed") series_->webhook_duplicates.of({}).Increment();
    // Whose they are is what could not be believed.
    if (what == "forged_token") completion("unknown", "webhook", Verdict::rejected);
    if (what == "bad_signature" || what == "stale_signature")
        completion("unknown", "callback", Verdict::rejected);
}

void PrometheusMeters::webhook_settled(std::string_view kind, std::string_view outcome) {
    series_->webhook_outcomes.of({kind, outcome}).Increment();
}

void PrometheusMeters::provider_request(const ports::ProviderRequest& request) {
    series_->provider_requests.of({request.endpoint, request.op, request.code}).Increment();
    series_->provider_seconds.of({request.endpoint, request.op}).Observe(seconds(request.took));
}

void PrometheusMeters::storage_op(const ports::StorageOp& op) {
    series_->storage_ops.of({op.store, op.op, op.outcome}).Increment();
    series_->storage_seconds.of({op.store, op.op}).Observe(seconds(op.took));
}

void PrometheusMeters::storage_bytes(std::string_view store, ports::StorageDirection direction,
                                     std::uint64_t bytes) {
    series_->storage_bytes.of({store, direction == ports::StorageDirection::in ? "in" : "out"})
        .Increment(static_cast<double>(bytes));
}

void PrometheusMeters::request_answered(const ports::AnsweredRequest& request) {
    const auto route = request.route.empty() ? std::string_view("none") : request.route;
    series_->http_requests.of({route, request.method, std::to_string(request.status)}).Increment();
    if (request.took) series_->http_seconds.of({route, request.method}).Observe(seconds(*request.took));
}

void PrometheusMeters::event_streams(int more) { series_->streams.of({}).Increment(more); }

}  // namespace darkroom::metrics
