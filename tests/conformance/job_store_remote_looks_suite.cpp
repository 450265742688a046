// Looking after remote jobs: the due ones first, the ended ones never, and nobody is forgotten when its job
// is over.
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::RemoteJobRef;
using ports::RemoteState;

std::vector<AttemptId> attempts_of(const std::vector<ports::RemoteJob>& remote_jobs) {
    std::vector<AttemptId> attempts;
    attempts.reserve(remote_jobs.size());
    for (const auto& one : remote_jobs) attempts.push_back(one.ref.attempt);
    return attempts;
}

TEST_P(JobStoreSuite, TheLongestDueRemoteJobIsLookedAtFirst) {
    EXPECT_FALSE(remote().next_remote_look()->has_value());
    std::vector<AttemptId> attempts;
    for (const int look_at : {5'000, 3'000, 9'000, 3'000}) {
        attempts.push_back(*bring_to(ann, Status::dispatched).attempt);
        ASSERT_TRUE(
            remote()
                .note_submitted({attempts.back(), 1}, "r-" + std::to_string(attempts.size()), at(look_at))
                .ok());
    }
    EXPECT_EQ(*remote().next_remote_look(), at(3'000));
    EXPECT_TRUE(remote().list_due_remote_jobs(at(2'999), 10)->empty());
    EXPECT_EQ(attempts_of(*remote().list_due_remote_jobs(at(5'000), 10)),
              (std::vector{attempts[1], attempts[3], attempts[0]}));
    EXPECT_EQ(attempts_of(*remote().list_due_remote_jobs(at(5'000), 2)),
              (std::vector{attempts[1], attempts[3]}));
    EXPECT_TRUE(remote().list_due_remote_jobs(at(5'000), 0)->empty());
    EXPECT_TRUE(remote().list_due_remote_jobs(at(5'000), -1)->empty());
    ASSERT_TRUE(remote().end_remote_job({attempts[1], 1}, remote_end("failed"), at(5'000)).ok());
    reopen();
    EXPECT_EQ(attempts_of(*remote().list_due_remote_jobs(at(5'000), 10)),
              (std::vector{attempts[3], attempts[0]}));
}

TEST_P(JobStoreSuite, ALookMovesTheNextOneAndNeverTakesAPhaseBack) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(remote().note_look(ref, {.phase_seen = 2, .look_at = at(5'000), .waiting_for = ""}).ok());
    ASSERT_TRUE(remote().note_look(ref, {.phase_seen = 1, .look_at = at(9'000), .waiting_for = ""}).ok());
    const auto one = remote().find_remote_jobs(*brought.attempt)->at(0);
    EXPECT_EQ(one.phase_seen, 2);
    EXPECT_EQ(one.looks, 2);
    EXPECT_EQ(one.look_at, at(9'000));
    EXPECT_EQ(*remote().note_submitted(ref, "r-1", at(3'000)), ports::Adoption::known);
    EXPECT_EQ(*remote().next_remote_look(), at(9'000)) << "the submit's own answer, noted twice";
}

TEST_P(JobStoreSuite, WhatAJobWaitsForIsToldUntilItBegins) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    const ports::RemoteNote cold{.phase_seen = 1, .look_at = at(5'000), .waiting_for = "cold_start"};
    ASSERT_TRUE(remote().note_look(ref, cold).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].waiting_for, "cold_start");
    EXPECT_EQ(counts.changed, 1);
    ASSERT_TRUE(remote().note_look(ref, cold).ok());
    EXPECT_EQ(counts.changed, 1) << "it is no news";
    ASSERT_TRUE(store().start_attempt(*brought.attempt, at(6'000)).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].waiting_for, "");
    const auto changed = counts.changed;
    ASSERT_TRUE(
        remote().note_look(ref, {.phase_seen = 2, .look_at = at(7'000), .waiting_for = "workers"}).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].waiting_for, "");
    EXPECT_EQ(counts.changed, changed);
    EXPECT_EQ(counts.remote, 0);
    store().set_listener(nullptr);
}

TEST_P(JobStoreSuite, AHintBringsTheLookForwardAndNeverBack) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(9'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    EXPECT_TRUE(*remote().hurry(*brought.attempt, "r-1", false, at(4'000)));
    EXPECT_EQ(*remote().next_remote_look(), at(4'000));
    EXPECT_TRUE(*remote().hurry(*brought.attempt, "r-1", true, at(5'000)));
    EXPECT_EQ(*remote().next_remote_look(), at(4'000));
    EXPECT_EQ(counts.remote, 2);
    EXPECT_FALSE(*remote().hurry(*brought.attempt, "r-2", true, at(5'000)));
    EXPECT_EQ(counts.remote, 2);
    store().set_listener(nullptr);
}

TEST_P(JobStoreSuite, AnEndedRemoteJobIsLookedAtOnceMoreOnlyIfSuccessIsTold) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(
        store()
            .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout), "follower", at(4'000))
            .ok());
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("failed", 70), at(4'000)).ok());
    EXPECT_FALSE(*remote().hurry(*brought.attempt, "r-1", false, at(5'000)));
    EXPECT_FALSE(remote().next_remote_look()->has_value());
    EXPECT_TRUE(*remote().hurry(*brought.attempt, "r-1", true, at(5'000)));
    const auto due = *remote().list_due_remote_jobs(at(5'000), 10);
    ASSERT_EQ(due.size(), 1u);
    EXPECT_EQ(due[0].state, RemoteState::submitted);
    EXPECT_TRUE(due[0].ended_as.empty());
    EXPECT_FALSE(due[0].unwanted) << "its result can still be the job's";
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(5'500)), ports::ClaimAnswer::unwanted)
        << "but no worker is to begin anew";
    EXPECT_EQ(due[0].cost_micro_usd, 70) << "what it cost it has cost";
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("succeeded", 70), at(6'000)).ok());
    EXPECT_FALSE(*remote().hurry(*brought.attempt, "r-1", true, at(7'000)));
}

TEST_P(JobStoreSuite, ASuccessThatIsToldOfACancelledJobIsLookedAtButNotWanted) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(4'000)).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("cancelled"), at(5'000)).ok());
    EXPECT_TRUE(*remote().hurry(*brought.attempt, "r-1", true, at(6'000)));
    EXPECT_TRUE(remote().list_due_remote_jobs(at(6'000), 10)->at(0).unwanted);
}

TEST_P(JobStoreSuite, RemoteJobsOfACancelledJobAreUnwantedAndDueAtOnce) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(9'000)).ok());
    ASSERT_TRUE(remote().open_remote_job(*brought.attempt, remote_plan(), at(2'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(4'000)).ok());
    store().set_listener(nullptr);
    EXPECT_EQ(counts.remote, 1);
    auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_TRUE(remote_jobs.at(0).unwanted && remote_jobs.at(1).unwanted);
    EXPECT_EQ(remote_jobs[0].look_at, at(4'000));
    EXPECT_EQ(remote_jobs[1].look_at, at(30'000)) << "nothing can be cancelled that has no name";
    EXPECT_EQ(*remote().note_submitted({*brought.attempt, 2}, "r-2", at(4'500)), ports::Adoption::adopted);
    remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_EQ(remote_jobs[1].look_at, at(4'500));
    EXPECT_TRUE(remote_jobs[1].unwanted);
    EXPECT_EQ(store().list_inflight("this-machine")->size(), 1u) << "the slot waits for the remote side";
}

TEST_P(JobStoreSuite, WhatAnEndedAttemptLeftElsewhereIsUnwantedAndTheOneThatCountsIsLeftToWhoEndsIt) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(30'000)).ok());
    const auto second = *remote().open_remote_job(*brought.attempt, remote_plan(), at(2'000));
    ASSERT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(3'000)), ports::ClaimAnswer::granted);
    ASSERT_TRUE(remote().note_submitted(*second, "r-2", at(60'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                    "follower", at(20'000))
                    .ok());
    EXPECT_EQ(counts.remote, 1);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_TRUE(remote_jobs.at(0).unwanted && remote_jobs.at(1).unwanted);
    EXPECT_EQ(remote_jobs[0].look_at, at(30'000)) << "its end is written next";
    EXPECT_EQ(remote_jobs[1].look_at, at(20'000));
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                    "follower", at(21'000))
                    .ok());
    EXPECT_EQ(counts.remote, 1) << "twice is no news";
    store().set_listener(nullptr);
}

TEST_P(JobStoreSuite, AnEndWithNothingLeftElsewhereWakesNobody) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(2'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                    "follower", at(20'000))
                    .ok());
    store().set_listener(nullptr);
    EXPECT_EQ(counts.remote, 0);
    EXPECT_EQ(*remote().next_remote_look(), at(30'000)) << "should whoever ended it die before it says so";
    EXPECT_TRUE(remote().list_due_remote_jobs(at(30'000), 10)->at(0).unwanted);
}

TEST_P(JobStoreSuite, AnEndedRemoteJobTakesNoMoreLooks) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("failed"), at(4'000)).ok());
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    ASSERT_TRUE(remote().note_look(ref, {.phase_seen = 6, .look_at = at(5'000), .waiting_for = "x"}).ok());
    ASSERT_TRUE(remote().note_unclear(ref, at(5'000)).ok());
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(5'000)), ports::Adoption::known);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
    EXPECT_TRUE(remote().list_remote_targets()->empty());
}

// Which objects workers' results may lie under is in the hands of the sweep.
TEST_P(JobStoreSuite, ObjectsOfARemoteResultThatMayStillComeAreNamed) {
    const auto brought = bring_to(ann, Status::dispatched);
    const auto& job = brought.job.id;
    const auto& attempt = *brought.attempt;
    const RemoteJobRef ref{attempt, 1};
    const std::vector<core::ObjectKey> keys{core::ObjectKey::worker_input(job, "jpg"),
                                            core::ObjectKey::worker_output(job, attempt, "main", "png"),
                                            core::ObjectKey::worker_note(job, attempt),
                                            core::ObjectKey::restored(job, attempt, "main", "png"),
                                            core::ObjectKey::thumbnail(job)};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    EXPECT_TRUE(store().find_unnamed_objects(keys)->empty());
    ASSERT_TRUE(
        store().finish_attempt(attempt, failure(core::ErrorCode::timeout), "follower", at(4'000)).ok());
    EXPECT_EQ(*store().find_unnamed_objects(keys), keys) << "its result is not waited for";
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("failed"), at(5'000)).ok());
    EXPECT_EQ(*store().find_unnamed_objects(keys), keys);
    ASSERT_TRUE(*remote().hurry(attempt, "r-1", true, at(6'000)));
    EXPECT_TRUE(store().find_unnamed_objects(keys)->empty()) << "somebody tells that there is one";
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("failed"), at(7'000)).ok());
    EXPECT_EQ(*store().find_unnamed_objects(keys), keys);
}

}  // namespace
}  // namespace darkroom::conformance
