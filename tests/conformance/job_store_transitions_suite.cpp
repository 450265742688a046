// Every status × every event, performed by the store, against core's table; and what attempts, slots and
// events show of it.
#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::JobEventKind;
using core::Status;
using ports::Access;
using ports::Applied;

/// Lets the event happen through the port; true if the store says that it did something.
bool happen(ports::JobStore& store, Samples& samples, JobEventKind event, const core::Job& job,
            const AttemptId& attempt) {
    const auto finish = [&](const ports::AttemptEnd& end) {
        return *store.finish_attempt(attempt, end, "backend:this-machine", at(2'000)) == Applied::applied;
    };
    switch (event) {
        case JobEventKind::claim: {
            auto request = claim_request(1'000);
            request.backend = job.backend;
            return !store.claim(request)->empty();
        }
        case JobEventKind::start:
            return *store.start_attempt(attempt, at(2'000)) == Applied::applied;
        case JobEventKind::succeed:
            return finish(samples.success(job.id, attempt));
        case JobEventKind::retry_later:
            return finish(failure(core::ErrorCode::timeout, at(9'000)));
        case JobEventKind::give_up:
            return finish(failure(core::ErrorCode::timeout));
        case JobEventKind::cancel:
            return std::holds_alternative<ports::JobCancelled>(
                *store.cancel_job(Access::of(ann), job.id, "key:app", at(2'000)));
        case JobEventKind::requeue:
            return std::holds_alternative<ports::JobRequeued>(
                *store.requeue_job(Access::of(ann), job.id, "key:app", at(2'000)));
        case JobEventKind::rerun:
            return std::holds_alternative<ports::JobRequeued>(
                *store.rerun_job(Access::of(ann), job.id, samples.plan(job.backend), "key:app", at(2'000)));
        case JobEventKind::give_back:
            return *store.give_back(attempt, std::nullopt, "busy", at(2'000)) == Applied::applied;
        case JobEventKind::succeed_late:
            return *store.succeed_late(attempt, samples.success(job.id, attempt), "backend:this-machine",
                                       at(2'000)) == Applied::applied;
    }
    return false;
}

TEST_P(JobStoreSuite, EveryStatusAndEventDoesWhatTheTableSaysAndNothingElse) {
    for (int s = 0; s < core::status_count; ++s) {
        for (int e = 0; e < core::job_event_kind_count; ++e) {
            const auto status = static_cast<Status>(s);
            const auto event = static_cast<JobEventKind>(e);
            SCOPED_TRACE(std::string(core::to_string(status)) + " × " + std::string(core::to_string(event)));
            auto brought = bring_to(ann, status);
            if (status == Status::queued && event == JobEventKind::succeed_late)
                brought = bring_to_its_retry(ann);  // only an earlier attempt can
            const auto before = everything_in_words(store());
            const auto expected = core::next(status, event);
            ASSERT_EQ(happen(store(), samples_, event, brought.job,
                             brought.attempt.value_or(samples_.unknown_attempt())),
                      expected.has_value());
            if (!expected) {
                ASSERT_EQ(everything_in_words(store()), before);
                continue;
            }
            const auto after = read(brought.job.id);
            ASSERT_EQ(after.status, expected->job);
            if (expected->attempt) {
                ASSERT_EQ(after.attempts.back().status, *expected->attempt);
            }
            const auto told = events(brought.job.id, 0, 100);
            ASSERT_EQ(told.back().kind, core::to_string(event));
            ASSERT_EQ(told.back().status, expected->job);
        }
    }
}

TEST_P(JobStoreSuite, ASuccessfulJobTellsItsWholeStory) {
    const auto brought = bring_to(ann, Status::succeeded);
    const auto& job = brought.job;
    const auto expected = samples_.success(job.id, *brought.attempt);
    ASSERT_EQ(job.attempts.size(), 1u);
    const auto& attempt = job.attempts[0];
    EXPECT_EQ(attempt.params_json, job.params_effective_json);
    EXPECT_EQ(attempt.recipe, job.recipe);
    EXPECT_EQ(attempt.endpoint, "this-machine");
    EXPECT_EQ(attempt.created_at, at(1'000));
    EXPECT_EQ(attempt.started_at, at(1'200));
    EXPECT_EQ(attempt.finished_at, at(1'300));
    EXPECT_EQ(attempt.delay, Milliseconds(200));
    EXPECT_EQ(attempt.execution, expected.execution);
    EXPECT_EQ(attempt.outputs, expected.outputs);
    EXPECT_EQ(attempt.measures_json, expected.measures_json);
    EXPECT_EQ(attempt.warnings_json, expected.warnings_json);
    EXPECT_EQ(attempt.completed_via, "local");
    EXPECT_EQ(job.selected_attempt, brought.attempt);
    EXPECT_EQ(job.thumbnail, expected.thumbnail);
    EXPECT_EQ(job.started_at, at(1'200));
    EXPECT_EQ(job.finished_at, at(1'300));
    std::vector<std::string> story;
    for (const auto& event : events(job.id, 0, 100)) story.push_back(in_words(event));
    const auto created = std::to_string(to_unix_ms(job.created_at));
    const auto time = [](int ms) { return std::to_string(to_unix_ms(at(ms))); };
    EXPECT_EQ(story, (std::vector<std::string>{
                         "1 created QUEUED key:app 0 {} " + created,
                         "2 claim DISPATCHED dispatcher 1 {\"endpoint\":\"this-machine\"} " + time(1'000),
                         "3 start RUNNING backend:this-machine 1 {} " + time(1'200),
                         "4 succeed SUCCEEDED backend:this-machine 1 {} " + time(1'300),
                     }));
}

TEST_P(JobStoreSuite, AFailureIsToldInTheJobTheAttemptAndTheTimeline) {
    const auto brought = bring_to(ann, Status::failed);
    const auto expected = failure(core::ErrorCode::no_subject).error;
    EXPECT_EQ(brought.job.error, expected);
    EXPECT_EQ(brought.job.attempts[0].error, expected);
    const auto told = events(brought.job.id, 0, 100);
    EXPECT_EQ(told.back().data_json, R"({"error":{"code":"no_subject","message":"because \"of\" this\n"}})");
}

TEST_P(JobStoreSuite, ARetryKeepsTheJobFreeOfErrorsAndTellsThePause) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout, at(5'500)),
                                    "backend:x", at(2'000))
                    .ok());
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::queued);
    EXPECT_FALSE(job.error.has_value());
    EXPECT_EQ(job.attempts[0].error->code, core::ErrorCode::timeout);
    const auto told = events(job.id, 3, 100);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].data_json,
              R"({"error":{"code":"timeout","message":"because \"of\" this\n"},"retry_pause_ms":3500})");
}

TEST_P(JobStoreSuite, FinishingTwiceChangesNothingTheSecondTime) {
    const auto brought = bring_to(ann, Status::succeeded);
    const auto before = everything_in_words(store());
    EXPECT_EQ(
        *store().finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout), "backend:x", at(3'000)),
        Applied::stale);
    EXPECT_EQ(*store().finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                      "backend:x", at(3'000)),
              Applied::stale);
    EXPECT_EQ(everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, TheSlotOfACancelledJobStaysTakenUntilItsBackendHasStopped) {
    const auto brought = bring_to(ann, Status::running);
    const auto outcome = store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(2'000));
    EXPECT_EQ(std::get<ports::JobCancelled>(*outcome).stop, std::vector{*brought.attempt});
    ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    EXPECT_TRUE(store().claim(claim_request(1))->empty());
    reopen();
    const auto inflight = *store().list_inflight("this-machine");
    ASSERT_EQ(inflight.size(), 1u);
    EXPECT_TRUE(inflight[0].stopping);
    EXPECT_EQ(inflight[0].attempt, *brought.attempt);

    EXPECT_EQ(*store().finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                      "backend:x", at(3'000)),
              Applied::stale);
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::cancelled);
    EXPECT_EQ(job.attempts[0].status, Status::cancelled);
    EXPECT_TRUE(job.attempts[0].outputs.empty());
    EXPECT_EQ(store().claim(claim_request(1))->size(), 1u);
}

TEST_P(JobStoreSuite, CancellingAWaitingJobTakesItOutOfTheQueue) {
    const auto delayed = bring_to(ann, Status::running);
    ASSERT_TRUE(store()
                    .finish_attempt(*delayed.attempt, failure(core::ErrorCode::timeout, at(9'000)),
                                    "backend:x", at(2'000))
                    .ok());
    const auto waiting = bring_to(ann, Status::queued);
    for (const auto& id : {delayed.job.id, waiting.job.id}) {
        const auto outcome = store().cancel_job(Access::of(ann), id, "key:app", at(2'000));
        EXPECT_TRUE(std::get<ports::JobCancelled>(*outcome).stop.empty());
        EXPECT_EQ(
            std::get<ports::NotAllowedNow>(*store().cancel_job(Access::of(ann), id, "key:app", at(2'000)))
                .status,
            Status::cancelled);
    }
    const auto counts = *store().count_queue();
    EXPECT_EQ(counts.ready + counts.delayed + counts.inflight, 0);
}

TEST_P(JobStoreSuite, ARequeuedJobKeepsItsAttemptsAndAnOldAttemptCannotEndIt) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(2'000)).ok());
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        *store().requeue_job(Access::of(ann), brought.job.id, "key:app", at(2'100))));
    auto claim = claim_request(10, 10, at(2'200));
    claim.backend = brought.job.backend;
    const auto claimed = *store().claim(claim);
    ASSERT_EQ(claimed.size(), 1u);
    ASSERT_EQ(claimed[0].job.attempts.size(), 2u);
    EXPECT_EQ(in_words(claimed[0].job), in_words(read(brought.job.id)));
    EXPECT_EQ(claimed[0].job.attempts[1].number, 2);
    EXPECT_EQ(claimed[0].job.started_at, at(1'200));  // of its first start

    EXPECT_EQ(*store().start_attempt(*brought.attempt, at(2'300)), Applied::stale);
    EXPECT_EQ(
        *store().finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout), "backend:x", at(2'300)),
        Applied::stale);
    EXPECT_EQ(read(brought.job.id).status, Status::dispatched);
    EXPECT_EQ(store().list_inflight("this-machine")->size(), 1u);
    EXPECT_EQ(*store().finish_attempt(claimed[0].job.attempts[1].id, failure(core::ErrorCode::timeout),
                                      "backend:x", at(2'400)),
              Applied::applied);
    EXPECT_EQ(read(brought.job.id).status, Status::failed);
}

TEST_P(JobStoreSuite, AFailedJobThatIsRequeuedHasNoErrorAndNoEnd) {
    const auto brought = bring_to(ann, Status::failed);
    ASSERT_TRUE(store().requeue_job(Access::of(ann), brought.job.id, "key:app", at(2'000)).ok());
    const auto job = read(brought.job.id);
    EXPECT_FALSE(job.error.has_value());
    EXPECT_FALSE(job.finished_at.has_value());
    EXPECT_EQ(job.updated_at, at(2'000));
    EXPECT_EQ(job.attempts[0].error->code, core::ErrorCode::no_subject);
}

TEST_P(JobStoreSuite, AClockThatGoesBackMakesNoNegativeDelay) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(store().start_attempt(*brought.attempt, at(-5'000)).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].delay, Milliseconds(0));
}

TEST_P(JobStoreSuite, EventsAreReadFromAnyPlace) {
    const auto brought = bring_to(ann, Status::succeeded);
    const auto seqs = [&](std::int64_t after, int count_max) {
        std::vector<std::int64_t> out;
        for (const auto& event : events(brought.job.id, after, count_max)) out.push_back(event.seq);
        return out;
    };
    EXPECT_EQ(seqs(0, 2), (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(seqs(2, 10), (std::vector<std::int64_t>{3, 4}));
    EXPECT_TRUE(seqs(4, 10).empty());
    EXPECT_TRUE(seqs(0, 0).empty());
    EXPECT_TRUE(seqs(0, -1).empty());
    EXPECT_EQ(seqs(-9, 10).size(), 4u);
}

}  // namespace
}  // namespace darkroom::conformance
