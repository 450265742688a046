#include "metrics/prometheus_meters.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <thread>

#include "metrics/metrics_fixture.h"
#include "metrics/series_table.h"

namespace darkroom::metrics {
namespace {

using core::ErrorCode;
using core::JobEventKind;
using core::Status;
using testing::value_of;

std::string text_of(const PrometheusMeters& meters) {
    return prometheus::TextSerializer().Serialize(meters.families());
}

ports::JobMove end_of(JobEventKind event, Status after, Status attempt) {
    ports::JobMove move;
    move.event = event;
    move.after = after;
    move.attempt = attempt;
    move.type = "bg_remove";
    move.endpoint = "eu-cz";
    move.ran = std::chrono::milliseconds(1'500);
    return move;
}

class CountedMoves : public ::testing::Test {
protected:
    double value(const std::string& series) { return value_of(text_of(meters), series).value_or(-1); }
    PrometheusMeters meters;
};

TEST_F(CountedMoves, AJobThatSucceedsIsCreatedTriedAndFinishedOnce) {
    meters.job_created("bg_remove");
    ports::JobMove claim;
    claim.after = Status::dispatched;
    claim.type = "bg_remove";
    claim.endpoint = "eu-cz";
    claim.waited = std::chrono::milliseconds(250);
    meters.job_moved(claim);
    auto end = end_of(JobEventKind::succeed, Status::succeeded, Status::succeeded);
    end.total = std::chrono::milliseconds(2'000);
    meters.job_moved(end);
    EXPECT_EQ(value(R"(darkroom_jobs_created_total{source="create",type="bg_remove"})"), 1);
    EXPECT_EQ(value(R"(darkroom_jobs_finished_total{error_code="",status="SUCCEEDED",type="bg_remove"})"), 1);
    EXPECT_EQ(value(R"(darkroom_attempts_total{endpoint="eu-cz",error_code="",outcome="succeeded"})"), 1);
    EXPECT_EQ(value(R"(darkroom_job_queue_wait_seconds_sum{endpoint="eu-cz",type="bg_remove"})"), 0.25);
    EXPECT_EQ(value(R"(darkroom_job_run_seconds_sum{endpoint="eu-cz",type="bg_remove"})"), 1.5);
    EXPECT_EQ(value(R"(darkroom_job_total_seconds_sum{type="bg_remove"})"), 2);
}

TEST_F(CountedMoves, ARetryEndsAnAttemptAndNoJob) {
    auto end = end_of(JobEventKind::retry_later, Status::queued, Status::failed);
    end.error = ErrorCode::worker_crashed;
    meters.job_moved(end);
    EXPECT_EQ(
        value(R"(darkroom_attempts_total{endpoint="eu-cz",error_code="worker_crashed",outcome="retried"})"),
        1);
    EXPECT_EQ(text_of(meters).find("\ndarkroom_jobs_finished_total{"), std::string::npos);
    EXPECT_NE(text_of(meters).find("\ndarkroom_retries_total{class=\""), std::string::npos);
}

TEST_F(CountedMoves, AFailedRerunOfAJobThatShowsAResultHasFailed) {
    auto end = end_of(JobEventKind::give_up, Status::succeeded, Status::failed);
    end.error = ErrorCode::no_subject;
    meters.job_moved(end);
    EXPECT_EQ(
        value(R"(darkroom_jobs_finished_total{error_code="no_subject",status="FAILED",type="bg_remove"})"),
        1);
}

TEST_F(CountedMoves, AStepOfAChainIsAnAttemptAndNoJobOfItsOwn) {
    auto end = end_of(JobEventKind::succeed, Status::succeeded, Status::succeeded);
    end.is_step = true;
    meters.job_moved(end);
    EXPECT_EQ(value(R"(darkroom_attempts_total{endpoint="eu-cz",error_code="",outcome="succeeded"})"), 1);
    EXPECT_EQ(text_of(meters).find("\ndarkroom_jobs_finished_total{"), std::string::npos);
}

TEST_F(CountedMoves, AJobCancelledInTheQueueHasFinishedWithoutAnAttempt) {
    ports::JobMove cancel;
    cancel.event = JobEventKind::cancel;
    cancel.after = Status::cancelled;
    cancel.type = "upscale_2k";
    meters.job_moved(cancel);
    EXPECT_EQ(value(R"(darkroom_jobs_finished_total{error_code="",status="CANCELLED",type="upscale_2k"})"),
              1);
    EXPECT_EQ(text_of(meters).find("\ndarkroom_attempts_total{"), std::string::npos);
}

TEST_F(CountedMoves, WishesAreCountedByTheirKind) {
    ports::JobMove wish;
    wish.type = "bg_remove";
    wish.event = JobEventKind::requeue;
    meters.job_moved(wish);
    wish.event = JobEventKind::rerun;
    meters.job_moved(wish);
    EXPECT_EQ(value(R"(darkroom_jobs_created_total{source="retry",type="bg_remove"})"), 1);
    EXPECT_EQ(value(R"(darkroom_jobs_created_total{source="rerun",type="bg_remove"})"), 1);
}

TEST(PrometheusMeters, ExpectedEndpointsBeginAtZero) {
    PrometheusMeters meters;
    meters.expect_endpoints({"local", "eu-cz"});
    const auto text = text_of(meters);
    EXPECT_EQ(value_of(text, R"(darkroom_gpu_seconds_total{endpoint="eu-cz"})"), 0);
    EXPECT_EQ(
        value_of(text, R"(darkroom_completions_total{endpoint="eu-cz",verdict="applied",via="webhook"})"), 0);
    EXPECT_FALSE(value_of(text, R"(darkroom_gpu_seconds_total{endpoint="local"})"));
}

TEST(PrometheusMeters, MoneyAndTimeAddUp) {
    PrometheusMeters meters;
    meters.work_paid("eu-cz", std::chrono::milliseconds(3'500), 700);
    meters.work_paid("eu-cz", std::chrono::milliseconds(500), 300);
    meters.work_paid("eu-cz", std::chrono::milliseconds(-500), -300);  // a correction never turns time back
    const auto text = text_of(meters);
    EXPECT_DOUBLE_EQ(*value_of(text, R"(darkroom_gpu_seconds_total{endpoint="eu-cz"})"), 4);
    EXPECT_NEAR(*value_of(text, R"(darkroom_spend_usd_total{endpoint="eu-cz"})"), 0.001, 1e-12);
}

TEST(PrometheusMeters, AReplayedWebhookIsADuplicateToo) {
    PrometheusMeters meters;
    meters.webhook_heard("hint");
    meters.webhook_heard("replayed");
    EXPECT_EQ(value_of(text_of(meters), "darkroom_webhook_duplicates_total"), 1);
    EXPECT_EQ(value_of(text_of(meters), R"(darkroom_webhooks_received_total{kind="hint"})"), 1);
}

TEST(PrometheusMeters, AMessageThatIsRefusedIsACompletionOfNobody) {
    PrometheusMeters meters;
    meters.webhook_heard("forged_token");
    meters.webhook_heard("bad_signature");
    meters.webhook_heard("stale_signature");
    const auto text = text_of(meters);
    EXPECT_EQ(
        value_of(text, R"(darkroom_completions_total{endpoint="unknown",verdict="rejected",via="webhook"})"),
        1);
    EXPECT_EQ(
        value_of(text, R"(darkroom_completions_total{endpoint="unknown",verdict="rejected",via="callback"})"),
        2);
}

// A label that somebody outside can choose must not be able to fill the memory.
TEST(SeriesTable, HasNoMoreSeriesThanItsLimit) {
    FamilyList list;
    Counters table{list, {"x_total", "x", {"a"}}};
    for (int i = 0; i < 5'000; ++i) table.of({std::to_string(i)}).Increment();
    const auto families = list.collect();
    ASSERT_EQ(families.size(), 1U);
    EXPECT_EQ(families[0].metric.size(), Counters::series_max + 1);
    EXPECT_EQ(table.of({"new"}).Value(), 4'000);
    EXPECT_EQ(table.of({"0"}).Value(), 1);
}

TEST(SeriesTable, AValueThatIsTooLongIsOther) {
    FamilyList list;
    Counters table{list, {"x_total", "x", {"a"}}};
    table.of({std::string(Counters::value_bytes_max + 1, 'a')}).Increment();
    EXPECT_EQ(table.of({"other"}).Value(), 1);
}

TEST(SeriesTable, LosesNoCountOfManyThreads) {
    FamilyList list;
    Counters table{list, {"x_total", "x", {"a", "b"}}};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&table] {
            for (int i = 0; i < 2'000; ++i) table.of({std::to_string(i % 50), "y"}).Increment();
        });
    }
    for (auto& thread : threads) thread.join();
    double sum = 0;
    for (int i = 0; i < 50; ++i) sum += table.of({std::to_string(i), "y"}).Value();
    EXPECT_EQ(sum, 8'000);
}

}  // namespace
}  // namespace darkroom::metrics
