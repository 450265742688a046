// Each fault that concerns jobs and webhooks does what its line in the table says.
#include <gmock/gmock.h>

#include "runpod/endpoint/testing/endpoint_fixture.h"

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = DoneOutcome::Kind;

constexpr const char* hook = "http://127.0.0.1:9/hooks/token";

class EndpointFaults : public EndpointFixture {
protected:
    std::string finished(const std::string& webhook = hook) {
        auto id = submit(webhook);
        take("w");
        done("w", id);
        return id;
    }
};

TEST_F(EndpointFaults, WithoutAnyAWebhookCarriesTheResultAndTheEchoes) {
    const auto id = finished();
    const auto due = due_webhooks();
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].url, hook);
    EXPECT_THAT(*due[0].body, HasSubstr("\"status\":\"COMPLETED\""));
    EXPECT_THAT(*due[0].body, HasSubstr("\"id\":\"" + id + "\""));
    EXPECT_THAT(*due[0].body, HasSubstr("\"input\":{\"n\":1"));
    EXPECT_THAT(*due[0].body, HasSubstr("\"webhook\":\"http"));
    EXPECT_THAT(*due[0].body, Not(HasSubstr("workerId")));
}

TEST_F(EndpointFaults, AWebhookIsTriedThreeTimesAndGivenUp) {
    finished();
    for (int tries = 1; tries <= 3; ++tries) {
        auto due = due_webhooks();
        ASSERT_EQ(due.size(), 1u) << tries;
        endpoint_->webhook_ended(due[0], tries == 1 ? 0 : 500);
        pass(16'000);
    }
    EXPECT_THAT(due_webhooks(), IsEmpty());
    EXPECT_THAT(endpoint_->journal_counts_json(), HasSubstr("\"webhook\":3,\"webhook_given_up\":1"));
}

TEST_F(EndpointFaults, WebhooksCanBeLostDoubledLateForgedCutAndContradicting) {
    fault("webhook_drop", "#1");
    finished();
    EXPECT_THAT(due_webhooks(), IsEmpty());
    fault("webhook_dup", "#1:3");
    finished();
    EXPECT_EQ(due_webhooks().size(), 3u);
    fault("webhook_delay", "#1:5000");
    finished();
    EXPECT_THAT(due_webhooks(), IsEmpty());
    pass(5'000);
    EXPECT_EQ(due_webhooks().size(), 1u);
    fault("webhook_forge", "#1");
    const auto id = finished();
    const auto forged = due_webhooks();
    ASSERT_EQ(forged.size(), 2u);
    EXPECT_THAT(*forged[0].body, Not(HasSubstr(id)));
    EXPECT_THAT(*forged[0].body, HasSubstr("../../etc/passwd"));
    EXPECT_THAT(*forged[1].body, HasSubstr(id));
    fault("webhook_truncate", "#1");
    finished();
    EXPECT_FALSE(parse_job_object(*due_webhooks().at(0).body));
    fault("webhook_contradict", "#1");
    finished();
    EXPECT_EQ(due_webhooks().size(), 1u);
    pass(1'000);
    EXPECT_THAT(*due_webhooks().at(0).body, HasSubstr("\"status\":\"FAILED\""));
}

TEST_F(EndpointFaults, AnEarlyWebhookComesBeforeStatusShowsTheResult) {
    fault("webhook_early", "#1:2000");
    const auto id = finished();
    EXPECT_THAT(*due_webhooks().at(0).body, HasSubstr("COMPLETED"));
    EXPECT_EQ(state(id), JobState::in_progress);
    pass(2'000);
    EXPECT_EQ(state(id), JobState::completed);
}

TEST_F(EndpointFaults, StatusCanGoBackBeStaleOrStrange) {
    const auto id = finished("");
    fault("status_regress", "#1");
    EXPECT_EQ(state(id), JobState::completed);  // not before the end was seen
    EXPECT_EQ(state(id), JobState::in_progress);
    EXPECT_EQ(state(id), JobState::completed);
    fault("status_stale", "#1");
    EXPECT_EQ(state(id), JobState::in_progress);
    fault("status_unknown", "#1");
    const auto strange = endpoint_->status(id);
    EXPECT_EQ(strange->state, JobState::unknown);
    EXPECT_EQ(strange->state_text, "PONDERING");
    EXPECT_EQ(strange->output_json, std::nullopt);
}

TEST_F(EndpointFaults, JobsCanStayForEverOrVanish) {
    fault("never_dispatch", "#1");
    const auto stuck = submit();
    EXPECT_THAT(take("w"), IsEmpty());
    EXPECT_EQ(endpoint_->health().jobs.in_queue, 1);
    EXPECT_EQ(state(stuck), JobState::in_queue);
    fault("ttl_expire", "#1");
    const auto expired = submit();
    pass(50);
    EXPECT_EQ(endpoint_->status(expired), std::nullopt);
    fault("retention_expire", "#1");
    EXPECT_EQ(endpoint_->status(finished()), std::nullopt);
    EXPECT_EQ(due_webhooks().size(), 1u);  // the webhook still tells
    fault("freeze", "#1");
    const auto frozen = submit();
    take("w");
    EXPECT_EQ(done("w", frozen), Kind::taken);
    pass(500'000);
    EXPECT_EQ(state(frozen), JobState::in_progress);
    pass(110'000);
    EXPECT_EQ(state(frozen), JobState::timed_out);
}

TEST_F(EndpointFaults, ResultsCanBeLost) {
    fault("lost_output", "#1");
    EXPECT_EQ(endpoint_->status(finished())->output_json, std::nullopt);
    fault("result_too_large", "#1");
    const auto large = submit();
    take("w");
    EXPECT_EQ(done("w", large), Kind::too_large);
    EXPECT_EQ(state(large), JobState::completed);
    fault("report_lost", "#1");
    const auto lost = submit();
    take("w");
    for (int report = 0; report < 3; ++report) {
        EXPECT_EQ(state(lost), JobState::in_progress) << report;
        EXPECT_EQ(done("w", lost), Kind::failed);
    }
    EXPECT_EQ(state(lost), JobState::timed_out);
    fault("late_progress", "#1");
    const auto overwritten = finished();
    EXPECT_EQ(state(overwritten), JobState::in_progress);
    EXPECT_THAT(*due_webhooks().back().body, HasSubstr("COMPLETED"));
}

TEST_F(EndpointFaults, AWorkerThatDiesIsReplaced) {
    fault("worker_die", "#1");
    const auto id = submit();
    take("w");
    EXPECT_EQ(done("w", id), Kind::cut);
    pass_pinging("w", {id}, 45'000);  // its pings for this job are not heard
    EXPECT_EQ(state(id), JobState::in_queue);
    EXPECT_THAT(take("w"), ElementsAre(id));
    EXPECT_EQ(done("w", id), Kind::taken);
    EXPECT_EQ(endpoint_->status(id)->retries, 1);
}

TEST_F(EndpointFaults, ARunningJobCanBeGivenToTwoWorkers) {
    fault("redispatch", "#1");
    const auto id = submit();
    EXPECT_THAT(take("w1"), ElementsAre(id));
    submit();  // so that a second worker is wanted
    EXPECT_THAT(take("w2"), ElementsAre(id));
    EXPECT_EQ(done("w2", id, "2"), Kind::taken);
    EXPECT_EQ(done("w1", id, "1"), Kind::taken);
    EXPECT_EQ(endpoint_->status(id)->output_json, "2");
}

TEST_F(EndpointFaults, CancelCanFailToReachTheWorker) {
    fault("cancel_ignored", "#1");
    const auto id = submit();
    take("w");
    EXPECT_EQ(endpoint_->cancel(id)->state, JobState::cancelled);
    EXPECT_THAT(endpoint_->take_stops("w", ""), IsEmpty());
}

TEST_F(EndpointFaults, AnOldIdCanBeAnsweredForANewJob) {
    const auto first = submit();
    fault("same_id", "#1");
    EXPECT_EQ(submit(), first);
    EXPECT_EQ(endpoint_->health().jobs.in_queue, 2);
}

TEST_F(EndpointFaults, AChangeIsMadeInFullOrNotAtAll) {
    EXPECT_FALSE(endpoint_->change_faults({7, {{"freeze", "always"}, {"frieze", "always"}}}));
    EXPECT_THAT(endpoint_->faults_json(), HasSubstr(R"({"seed":1,"faults":{},)"));
    EXPECT_TRUE(endpoint_->change_faults({7, {{"freeze", "0.5"}}}));
    EXPECT_THAT(endpoint_->faults_json(), HasSubstr(R"({"seed":7,"faults":{"freeze":{"when":"0.5")"));
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
