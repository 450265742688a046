#include "runpod/endpoint/endpoint.h"

#include <gmock/gmock.h>

#include "runpod/endpoint/testing/endpoint_fixture.h"

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = DoneOutcome::Kind;

class EndpointLife : public EndpointFixture {};

TEST_F(EndpointLife, AJobGoesThroughItsStates) {
    const auto id = submit();
    EXPECT_EQ(state(id), JobState::in_queue);
    EXPECT_THAT(take("w"), ElementsAre(id));
    EXPECT_EQ(state(id), JobState::in_progress);
    EXPECT_EQ(done("w", id), Kind::taken);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_EQ(endpoint_->status(id)->output_json, R"({"ok":true})");
    EXPECT_EQ(done("w", id, R"({"other":1})"), Kind::taken);  // late: taken, and nothing changes
    EXPECT_EQ(endpoint_->status(id)->output_json, R"({"ok":true})");
}

TEST_F(EndpointLife, IdsAreThoseOfThePlatform) {
    EXPECT_THAT(submit(), ::testing::EndsWith("-u1"));
    EXPECT_THAT(submit("", true), ::testing::StartsWith("sync-"));
}

TEST_F(EndpointLife, ProgressShowsAsOutputWhileTheJobRuns) {
    const auto id = submit();
    take("w");
    DoneReport progress;
    progress.is_progress = true;
    progress.output_json = R"("half")";
    EXPECT_EQ(endpoint_->done("w", id, progress, 6).kind, Kind::taken);
    EXPECT_EQ(endpoint_->status(id)->output_json, R"("half")");
    done("w", id);
    EXPECT_EQ(endpoint_->done("w", id, progress, 6).kind, Kind::taken);
    EXPECT_EQ(state(id), JobState::completed);  // late progress is ignored
}

TEST_F(EndpointLife, AnErrorFailsTheJobAndRetryRunsItAgain) {
    const auto id = submit();
    EXPECT_EQ(endpoint_->retry(id), RetryOutcome::not_failed);
    take("w");
    fail("w", id, "no memory");
    EXPECT_EQ(state(id), JobState::failed);
    EXPECT_EQ(endpoint_->retry(id), RetryOutcome::queued);
    EXPECT_THAT(take("w"), ElementsAre(id));
    done("w", id);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_EQ(endpoint_->retry("nothing"), RetryOutcome::unknown_job);
}

TEST_F(EndpointLife, AnErrorThatIsNoTextEndsAsCompletedWithoutOutput) {
    const auto id = submit();
    take("w");
    DoneReport report;
    report.output_json = R"({"x":1})";
    report.error_is_no_text = true;
    endpoint_->done("w", id, report, 10);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_EQ(endpoint_->status(id)->output_json, std::nullopt);
}

TEST_F(EndpointLife, CancellingARunningJobTellsItsWorker) {
    const auto id = submit();
    take("w");
    EXPECT_EQ(endpoint_->cancel(id)->state, JobState::cancelled);
    const auto stops = endpoint_->take_stops("w", "");
    ASSERT_EQ(stops.size(), 1u);
    EXPECT_EQ(stops[0].str(), id);
    EXPECT_THAT(endpoint_->take_stops("w", ""), IsEmpty());
    EXPECT_EQ(done("w", id), Kind::taken);
    EXPECT_EQ(state(id), JobState::cancelled);
    EXPECT_EQ(endpoint_->cancel("nothing"), std::nullopt);
}

TEST_F(EndpointLife, ADeadWorkersJobIsGivenToAnother) {
    const auto id = submit();
    take("dead");
    pass(30'000);
    EXPECT_THAT(take("alive"), ElementsAre(id));
    EXPECT_EQ(endpoint_->status(id)->retries, 1);
    done("alive", id);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_EQ(done("dead", id, R"({"late":1})"), Kind::taken);
    EXPECT_EQ(endpoint_->status(id)->output_json, R"({"ok":true})");
}

TEST_F(EndpointLife, AResultOfAWorkerThatWasGivenUpCountsAllTheSame) {
    const auto id = submit();
    take("slow");
    pass(30'000);
    EXPECT_EQ(state(id), JobState::in_queue);
    EXPECT_EQ(done("slow", id), Kind::taken);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_THAT(take("other"), IsEmpty());
}

TEST_F(EndpointLife, AWorkerThatPingsKeepsItsJobAndOneThatDoesNotListItLosesIt) {
    const auto kept = submit();
    const auto left_out = submit();
    take("w", 2);
    pass_pinging("w", {kept}, 40'000);
    EXPECT_EQ(state(kept), JobState::in_progress);
    EXPECT_EQ(state(left_out), JobState::in_queue);
}

TEST_F(EndpointLife, ChunksAreDrainedInOrder) {
    const auto id = submit();
    take("w");
    for (const auto* text : {"1", "2"}) {
        StreamChunk chunk;
        chunk.output_json = text;
        EXPECT_TRUE(endpoint_->add_chunk("w", id, chunk));
    }
    EXPECT_THAT(endpoint_->stream(id)->chunks, ElementsAre("1", "2"));
    EXPECT_THAT(endpoint_->stream(id)->chunks, IsEmpty());
    EXPECT_FALSE(endpoint_->add_chunk("w", "nothing", {}));
    EXPECT_FALSE(endpoint_->stream("nothing"));
}

TEST_F(EndpointLife, AResultThatIsTooLargeEndsAsCompletedWithoutOutput) {
    const auto id = submit();
    take("w");
    DoneReport report;
    report.output_json = "\"x\"";
    EXPECT_EQ(endpoint_->done("w", id, report, run_body_bytes_max + 1).kind, Kind::too_large);
    EXPECT_EQ(state(id), JobState::completed);
    EXPECT_EQ(endpoint_->status(id)->output_json, std::nullopt);
}

TEST_F(EndpointLife, AFullQueueRefuses) {
    auto scaling = endpoint_->fleet().scaling;
    scaling.workers_max = 0;
    endpoint_->set_scaling(scaling);
    for (int i = 0; i < 51; ++i) EXPECT_NE(submit(), "");
    EXPECT_EQ(submit(), "");
}

TEST_F(EndpointLife, HealthCountsWhatThereIs) {
    const auto first = submit();
    submit();
    take("w");
    auto health = endpoint_->health();
    EXPECT_EQ(health.jobs.in_progress, 1);
    EXPECT_EQ(health.jobs.in_queue, 1);
    EXPECT_EQ(health.workers.running, 1);
    fail("w", first, "x");
    EXPECT_EQ(endpoint_->health().jobs.failed, 1);
    EXPECT_EQ(endpoint_->purge(), 1u);
    EXPECT_EQ(endpoint_->health().jobs.in_queue, 0);
}

TEST_F(EndpointLife, TheJournalTellsWhatHappenedWithTheMarksOfTheClient) {
    const auto id = submit();
    take("w");
    done("w", id);
    const auto journal = endpoint_->journal_json(0, 100);
    EXPECT_THAT(journal, HasSubstr(R"("what":"submit","job":")" + id));
    EXPECT_THAT(journal, HasSubstr(R"("darkroom":{"job":"j","attempt":"a"})"));
    EXPECT_THAT(journal, HasSubstr(R"("state":"COMPLETED")"));
    EXPECT_EQ(endpoint_->journal_counts_json(), R"({"end":1,"result":1,"submit":1,"take":1})");
    EXPECT_THAT(endpoint_->journal_json(3, 100), Not(HasSubstr("\"what\":\"take\"")));
    EXPECT_THAT(endpoint_->journal_json(0, 1), HasSubstr("\"next\":1,\"last\":4"));
}

TEST_F(EndpointLife, WorkIsPricedByItsSeconds) {
    const auto id = submit();
    take("w");
    pass_pinging("w", {id}, 5'000);
    done("w", id);
    endpoint_->poll_begins("w", "L4");
    EXPECT_THAT(endpoint_->costs_json(), HasSubstr(R"("busy_ms":5000,"usd":0.001550)"));
    pass_pinging("w", {}, 15'000);  // the worker goes after its idle time, and is billed for all of it
    EXPECT_THAT(endpoint_->costs_json(), HasSubstr(R"("billed_seconds":15,"usd":0.004650)"));
}

class EndpointSpeed : public EndpointFixture {
    EndpointSettings settings() override {
        EndpointSettings fast;
        fast.time_scale = 60;
        return fast;
    }
};

TEST_F(EndpointSpeed, RetentionPassesFasterAndLeasesDoNot) {
    const auto done_id = submit();
    take("w");
    done("w", done_id);
    const auto running = submit();
    take("w");
    pass(29'000);
    EXPECT_EQ(state(done_id), JobState::completed);
    EXPECT_EQ(state(running), JobState::in_progress);
    pass(2'000);
    EXPECT_EQ(endpoint_->status(done_id), std::nullopt);
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
