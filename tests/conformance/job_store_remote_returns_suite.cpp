// Attempts that come back: given back because the backend certainly did not take them, or succeeded although
// they had been taken for failed.
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/kept_jobs.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::Applied;
using ports::Retention;

TEST_P(JobStoreSuite, AnAttemptThatIsGivenBackNeverWas) {
    const auto brought = bring_to(ann, Status::dispatched);
    ListenerCounts counts;
    store().set_listener(&counts);
    EXPECT_EQ(*store().give_back(*brought.attempt, std::nullopt, "throttled \"429\"", at(2'000)),
              Applied::applied);
    EXPECT_EQ(*store().give_back(*brought.attempt, std::nullopt, "again", at(2'000)), Applied::stale);
    store().set_listener(nullptr);
    EXPECT_EQ(counts.changed, 1);
    EXPECT_EQ(counts.ready, 1);
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::queued);
    EXPECT_TRUE(job.attempts.empty());
    EXPECT_EQ(job.updated_at, at(2'000));
    EXPECT_TRUE(remote().find_remote_jobs(*brought.attempt)->empty());
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(3'000)), ports::Adoption::forgotten);
    EXPECT_TRUE(store().list_inflight("this-machine")->empty());
    EXPECT_EQ(store().count_queue()->ready, 1);
    const auto told = events(job.id, 2, 10);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].kind, "give_back");
    EXPECT_EQ(told[0].actor, "dispatcher");
    EXPECT_EQ(told[0].attempt, 1);
    EXPECT_EQ(told[0].data_json, R"({"why":"throttled \"429\""})");
}

TEST_P(JobStoreSuite, AJobThatIsGivenBackForLaterWaitsForItsDateAndIsNumberedAnew) {
    const auto brought = bring_to(ann, Status::dispatched);
    EXPECT_EQ(*store().give_back(*brought.attempt, at(7'500), "busy", at(2'000)), Applied::applied);
    EXPECT_EQ(events(brought.job.id, 2, 10).at(0).data_json, R"({"why":"busy","retry_in_ms":5500})");
    EXPECT_EQ(store().count_queue()->delayed, 1);
    reopen();
    EXPECT_EQ(store().promote_due(at(7'500), 10)->promoted, 1);
    auto claim = claim_request(10, 10, at(8'000));
    claim.backend = brought.job.backend;
    const auto again = *store().claim(claim);
    ASSERT_EQ(again.size(), 1u);
    ASSERT_EQ(again[0].job.attempts.size(), 1u);
    EXPECT_EQ(again[0].job.attempts[0].number, 1);
    EXPECT_NE(again[0].job.attempts[0].id, *brought.attempt);
    EXPECT_EQ(*store().give_back(*brought.attempt, std::nullopt, "late", at(9'000)), Applied::stale);
    EXPECT_EQ(read(brought.job.id).status, Status::dispatched);
}

TEST_P(JobStoreSuite, AnAttemptThatMayHaveBeenTakenIsNotGivenBack) {
    const auto named = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*named.attempt, 1}, "r-1", at(3'000)).ok());
    const auto unclear = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*unclear.attempt, 1}, at(3'000)).ok());
    ASSERT_TRUE(remote().open_remote_job(*unclear.attempt, remote_plan(), at(4'000)).ok());
    const auto running = bring_to(ann, Status::running);
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    for (const auto* const brought : {&named, &unclear, &running})
        EXPECT_EQ(*store().give_back(*brought->attempt, std::nullopt, "no", at(5'000)), Applied::stale);
    EXPECT_EQ(*store().give_back(samples_.unknown_attempt(), std::nullopt, "no", at(5'000)), Applied::stale);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, GivingBackACancelledJobsAttemptFreesItsSlotOnly) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(2'000)).ok());
    EXPECT_EQ(*store().give_back(*brought.attempt, std::nullopt, "busy", at(3'000)), Applied::stale);
    EXPECT_TRUE(store().list_inflight("this-machine")->empty());
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::cancelled);
    ASSERT_EQ(job.attempts.size(), 1u);
    EXPECT_EQ(job.attempts[0].status, Status::cancelled);
    EXPECT_FALSE(remote().next_remote_look()->has_value()) << "nothing is there to look for";
}

TEST_P(JobStoreSuite, ALateSuccessEndsAFailedJobAnew) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(1'250)).ok());
    ASSERT_TRUE(
        store()
            .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout), "follower", at(1'300))
            .ok());
    const auto end = samples_.success(brought.job.id, *brought.attempt);
    EXPECT_EQ(*store().succeed_late(*brought.attempt, end, "backend:this-machine", at(9'000)),
              Applied::applied);
    const auto once = everything_in_words(remote()) + everything_in_words(store());
    EXPECT_EQ(*store().succeed_late(*brought.attempt, end, "backend:this-machine", at(9'500)),
              Applied::stale);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), once);
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::succeeded);
    EXPECT_FALSE(job.error.has_value());
    EXPECT_EQ(job.finished_at, at(9'000));
    EXPECT_EQ(job.selected_attempt, brought.attempt);
    EXPECT_EQ(job.thumbnail, end.thumbnail);
    EXPECT_EQ(job.attempts_forgiven, 0);
    ASSERT_EQ(job.attempts.size(), 1u);
    EXPECT_EQ(job.attempts[0].status, Status::succeeded);
    EXPECT_FALSE(job.attempts[0].error.has_value());
    EXPECT_EQ(job.attempts[0].outputs, end.outputs);
    EXPECT_EQ(job.attempts[0].finished_at, at(9'000));
    const auto told = events(job.id, 4, 10);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].kind, "succeed_late");
    EXPECT_EQ(told[0].attempt, 1);
}

TEST_P(JobStoreSuite, ALateSuccessTakesAWaitingJobOutOfTheQueue) {
    for (const bool due : {false, true}) {
        const auto brought = bring_to_its_retry(ann);
        if (due) {
            ASSERT_EQ(store().promote_due(at(9'000), 10)->promoted, 1);
        }
        EXPECT_EQ(*store().succeed_late(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                        "backend:this-machine", at(9'000)),
                  Applied::applied);
        EXPECT_EQ(store().count_queue()->ready + store().count_queue()->delayed, 0);
        EXPECT_EQ(read(brought.job.id).status, Status::succeeded);
    }
}

TEST_P(JobStoreSuite, ALateSuccessComesTooLateWhenTheJobHasMovedOn) {
    const auto again = bring_to_its_retry(ann);
    ASSERT_EQ(store().promote_due(at(9'000), 10)->promoted, 1);
    auto claim = claim_request(1'000, 10, at(9'000));
    claim.backend = again.job.backend;
    ASSERT_EQ(store().claim(claim)->size(), 1u);
    const auto cancelled = bring_to_its_retry(ann);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), cancelled.job.id, "key:app", at(9'000)).ok());
    const auto at_work = bring_to(ann, Status::running);
    const auto succeeded = bring_to(ann, Status::succeeded);
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    for (const auto* const brought : {&again, &cancelled, &at_work, &succeeded}) {
        EXPECT_EQ(
            *store().succeed_late(*brought->attempt, samples_.success(brought->job.id, *brought->attempt),
                                  "backend:x", at(9'500)),
            Applied::stale);
    }
    EXPECT_EQ(*store().succeed_late(samples_.unknown_attempt(),
                                    samples_.success(again.job.id, *again.attempt), "backend:x", at(9'500)),
              Applied::stale);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, AnAttemptOfARequeuedJobWhichHadBeenCancelledCannotSucceedLate) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(2'000)).ok());
    ASSERT_TRUE(store().requeue_job(Access::of(ann), brought.job.id, "key:app", at(3'000)).ok());
    EXPECT_EQ(*store().succeed_late(*brought.attempt, samples_.success(brought.job.id, *brought.attempt), "x",
                                    at(4'000)),
              Applied::stale);
    EXPECT_EQ(read(brought.job.id).status, Status::queued);
}

TEST_P(JobStoreSuite, OutputsOfALateSuccessAreRetiredAlthoughRetentionHadPassedTheJob) {
    const auto brought = bring_to(ann, Status::failed);
    for (const auto what : {Retention::inputs, Retention::outputs}) {
        const auto retired = *store().retire_jobs(what, at(10'000), 10, at(20'000));
        ASSERT_EQ(retired.jobs, 1);
        ASSERT_TRUE(store().settle_retired(what, retired.mark).ok());
    }
    const auto end = samples_.success(brought.job.id, *brought.attempt);
    ASSERT_EQ(*store().succeed_late(*brought.attempt, end, "backend:x", at(9'000)), Applied::applied);
    EXPECT_FALSE(read(brought.job.id).outputs_removed_at.has_value());
    EXPECT_TRUE(store().find_unnamed_objects({end.outputs[0].key, *end.thumbnail})->empty());
    const auto retired = *store().retire_jobs(Retention::outputs, at(10'000), 10, at(30'000));
    EXPECT_EQ(retired.jobs, 1);
    EXPECT_EQ(retired.objects.size(), end.outputs.size() + 1);
    ASSERT_TRUE(store().settle_retired(Retention::outputs, retired.mark).ok());
}

TEST_P(JobStoreSuite, RemoteJobsGoWithTheirJobAndWhatTheyCostStays) {
    const auto brought = bring_to(ann, Status::failed);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(2'000)).ok());
    ASSERT_TRUE(remote().end_remote_job({*brought.attempt, 1}, remote_end("failed", 40), at(2'000)).ok());
    const auto retired = *store().retire_jobs(Retention::jobs, at(10'000), 10, at(20'000));
    ASSERT_TRUE(store().settle_retired(Retention::jobs, retired.mark).ok());
    EXPECT_TRUE(remote().list_remote_jobs(0, 10)->remote_jobs.empty());
    EXPECT_FALSE(remote().find_attempt_of("r-1")->has_value());
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(30'000)), ports::Adoption::forgotten);
    EXPECT_EQ(*remote().spent_today(at(2'000)), 40);
}

}  // namespace
}  // namespace darkroom::conformance
