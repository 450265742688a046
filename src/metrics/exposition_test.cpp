#include "metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "metrics/metrics_fixture.h"
#include "tests/support/manual_clock.h"

namespace darkroom::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::value_of;

ports::StoreGauges some_gauges() {
    ports::StoreGauges gauges;
    gauges.queues = {{.backend = "serverless",
                      .ready = 5,
                      .delayed = 2,
                      .backlog = 100,
                      .oldest_ready = std::chrono::milliseconds(1'250)}};
    gauges.inflight = {{"serverless", "eu-cz", 3}, {"serverless", "us", 4}};
    gauges.inbox = 7;
    return gauges;
}

class Scrapes : public ::testing::Test {
protected:
    double value(const std::string& series) { return value_of(scrape.text(), series).value_or(-1); }

    darkroom::testing::ManualClock clock;
    PrometheusMeters meters;
    int asked = 0;
    std::optional<ports::StoreGauges> told = some_gauges();
    Exposition scrape{meters,
                      {.version = "1.2.3",
                       .store =
                           [this] {
                               ++asked;
                               return told;
                           },
                       .endpoints =
                           [] {
                               return std::vector<EndpointState>{{"eu-cz", "serverless", 20, true},
                                                                 {"us", "serverless", 10, false}};
                           }},
                      clock};
};

TEST_F(Scrapes, TellTheStateOfTheMoment) {
    EXPECT_EQ(value(R"(darkroom_jobs{state="queued",class="serverless"})"), 107);
    EXPECT_EQ(value(R"(darkroom_jobs{state="inflight",class="serverless"})"), 7);
    EXPECT_EQ(value(R"(darkroom_queue_depth{queue="serverless",stage="backlog"})"), 100);
    EXPECT_EQ(value(R"(darkroom_queue_oldest_age_seconds{queue="serverless",stage="ready"})"), 1.25);
    EXPECT_EQ(value(R"(darkroom_inflight{endpoint="us"})"), 4);
    EXPECT_EQ(value(R"(darkroom_inflight_limit{endpoint="us"})"), 10);
    EXPECT_EQ(value(R"(darkroom_executor_up{endpoint="eu-cz"})"), 1);
    EXPECT_EQ(value(R"(darkroom_executor_up{endpoint="us"})"), 0);
    EXPECT_EQ(value("darkroom_webhook_inbox_backlog"), 7);
    EXPECT_EQ(value(R"(darkroom_build_info{version="1.2.3"})"), 1);
    EXPECT_GT(value("process_resident_memory_bytes"), 1'000'000);
}

TEST_F(Scrapes, AskTheDatabaseOnceInAFewSeconds) {
    for (int i = 0; i < 10; ++i) (void)scrape.text();
    EXPECT_EQ(asked, 1);
    clock.advance(Milliseconds(6'000));
    (void)scrape.text();
    EXPECT_EQ(asked, 2);
}

TEST_F(Scrapes, SaySoWhenTheDatabaseDoesNotAnswerAndKeepTheRest) {
    told.reset();
    EXPECT_EQ(value("darkroom_db_up"), 0);
    EXPECT_EQ(value("darkroom_dispatcher_leader"), 0);
    EXPECT_THAT(scrape.text(), Not(HasSubstr("\ndarkroom_jobs{")));
    EXPECT_THAT(scrape.text(), HasSubstr("\n# TYPE darkroom_jobs gauge\n"));
    told = some_gauges();
    clock.advance(Milliseconds(6'000));
    EXPECT_EQ(value("darkroom_db_up"), 1);
}

TEST_F(Scrapes, ShowAFamilyBeforeItsFirstEvent) {
    EXPECT_THAT(scrape.text(), HasSubstr("# TYPE darkroom_provider_requests_total counter\n"));
}

TEST_F(Scrapes, NameUsersOnlyIfTheyWereAskedFor) {
    told->other_users_bytes = 1'000;
    EXPECT_EQ(value(R"(darkroom_user_storage_bytes{user="other"})"), 1'000);
    told->users = {{"alice", 900}, {"bob\"\n", 20}, {"other", 7}};
    told->other_users_bytes = 5;
    clock.advance(Milliseconds(6'000));
    EXPECT_EQ(value(R"(darkroom_user_storage_bytes{user="alice"})"), 900);
    EXPECT_EQ(value(R"(darkroom_user_storage_bytes{user="bob\"\n"})"), 20);
    EXPECT_EQ(value(R"(darkroom_user_storage_bytes{user="other"})"), 12)
        << "a user of that name is no second one";
}

TEST_F(Scrapes, TellWhatHasEnded) {
    told->ended = {{core::Status::failed, "timeout", "bg_remove", 3}};
    EXPECT_EQ(value(R"(darkroom_jobs_ended{type="bg_remove",status="FAILED",error_code="timeout"})"), 3);
}

TEST_F(Scrapes, CountLinesOfTheLogThatNobodySees) {
    log::configure(log::Level::off, log::Format::text);
    const auto before = value(R"(darkroom_log_messages_total{level="error"})");
    log::error("something went wrong");
    EXPECT_EQ(value(R"(darkroom_log_messages_total{level="error"})"), before + 1);
}

TEST_F(Scrapes, OfPostgresTellWhatHoldsUpItsCleaning) {
    told->oldest_snapshot_s = 321.5;
    told->garbage = {{"ready", 42}};
    EXPECT_EQ(value("darkroom_pg_xmin_age_seconds"), 321.5);
    EXPECT_EQ(value(R"(darkroom_pg_dead_tuples{table="ready"})"), 42);
}

}  // namespace
}  // namespace darkroom::metrics
