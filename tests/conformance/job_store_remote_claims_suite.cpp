// Workers ask before they work: one remote job of an attempt gets it, however many ask at once.
#include <atomic>
#include <thread>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::ClaimAnswer;
using ports::RemoteState;

TEST_P(JobStoreSuite, AGrantedClaimStartsTheJob) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(3'000)).ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "worker \"7\"", at(1'700)), ClaimAnswer::granted);
    store().set_listener(nullptr);
    EXPECT_EQ(counts.changed, 1);
    const auto job = read(brought.job.id);
    EXPECT_EQ(job.status, Status::running);
    EXPECT_EQ(job.attempts[0].started_at, at(1'700));
    EXPECT_EQ(job.attempts[0].delay, Milliseconds(700));
    const auto told = events(job.id, 2, 10);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].kind, "start");
    EXPECT_EQ(told[0].actor, "backend:this-machine");
    EXPECT_EQ(told[0].data_json, R"({"worker":"worker \"7\""})");
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_TRUE(remote_jobs.at(0).claimed);
    EXPECT_EQ(remote_jobs[0].phase_seen, 2) << "running";
}

TEST_P(JobStoreSuite, ARemoteJobWhoseFirstWorkerDiedIsGrantedAgainAndNothingElseHappens) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w-1", at(1'700)), ClaimAnswer::granted);
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w-2", at(9'000)), ClaimAnswer::granted);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, ASecondRemoteJobOfAnAttemptIsToldThatItIsTaken) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(3'000)).ok());
    ASSERT_TRUE(remote().open_remote_job(*brought.attempt, remote_plan(), at(4'000)).ok());
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(5'000)), ClaimAnswer::granted);
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-2", "w", at(5'000)), ClaimAnswer::taken);
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-3", "w", at(5'000)), ClaimAnswer::taken) << "surplus";
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-1");
    EXPECT_EQ(remote().find_remote_jobs(*brought.attempt)->size(), 3u)
        << "each is noted, so that it is followed";
}

TEST_P(JobStoreSuite, ARemoteJobThatClaimsTooLateIsDueToBeCancelled) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(900'000)).ok());
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(3'000)).ok());
    EXPECT_EQ(remote().find_remote_jobs(*brought.attempt)->at(0).look_at, at(900'000)) << "it has no name";
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(5'000)), ClaimAnswer::unwanted);
    const auto row = remote().find_remote_jobs(*brought.attempt)->at(0);
    EXPECT_TRUE(row.unwanted);
    EXPECT_EQ(row.look_at, at(5'000));
}

TEST_P(JobStoreSuite, TheRemoteJobThatClaimsIsTheOneThatCounts) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(3'000)).ok());
    const auto second = *remote().open_remote_job(*brought.attempt, remote_plan(), at(4'000));
    ASSERT_TRUE(remote().note_submitted(*second, "r-2", at(5'000)).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-2");
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(6'000)), ClaimAnswer::granted);
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-1");
    ASSERT_TRUE(remote().end_remote_job({*brought.attempt, 1}, remote_end("gone"), at(7'000)).ok());
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-2", "w", at(8'000)), ClaimAnswer::granted)
        << "what had it has ended";
}

TEST_P(JobStoreSuite, AClaimForWhatNobodyWantsIsRefusedAndStartsNothing) {
    const auto cancelled = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), cancelled.job.id, "key:app", at(2'000)).ok());
    EXPECT_EQ(*remote().claim_work(*cancelled.attempt, "r-1", "w", at(3'000)), ClaimAnswer::unwanted);
    EXPECT_EQ(read(cancelled.job.id).status, Status::cancelled);
    EXPECT_EQ(remote().find_remote_jobs(*cancelled.attempt)->at(0).remote_id, "r-1")
        << "now that its name is known it can be cancelled";
    for (const auto status : {Status::succeeded, Status::failed}) {
        const auto over = bring_to(ann, status);
        EXPECT_EQ(*remote().claim_work(*over.attempt, "r-" + over.attempt->str(), "w", at(3'000)),
                  ClaimAnswer::unwanted);
        EXPECT_EQ(read(over.job.id).status, status);
    }
    const auto superseded = bring_to_its_retry(ann);
    EXPECT_EQ(*remote().claim_work(*superseded.attempt, "r-s", "w", at(3'000)), ClaimAnswer::unwanted);
    const auto ended = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*ended.attempt, 1}, "r-e", at(3'000)).ok());
    ASSERT_TRUE(remote().end_remote_job({*ended.attempt, 1}, remote_end("failed"), at(4'000)).ok());
    EXPECT_EQ(*remote().claim_work(*ended.attempt, "r-e", "w", at(5'000)), ClaimAnswer::unwanted);
    EXPECT_EQ(*remote().claim_work(*ended.attempt, "r-surplus", "w", at(5'000)), ClaimAnswer::unwanted);
    EXPECT_EQ(*remote().claim_work(*ended.attempt, "", "w", at(5'000)), ClaimAnswer::unknown);
    EXPECT_EQ(read(ended.job.id).status, Status::dispatched);
}

TEST_P(JobStoreSuite, OfSixteenWorkersThatClaimAtOnceOneIsGranted) {
    for (int round = 0; round < 10; ++round) {
        const auto brought = bring_to(ann, Status::dispatched);
        for (int i = 1; i < 8; ++i)
            ASSERT_TRUE(remote().open_remote_job(*brought.attempt, remote_plan(), at(2'000)).ok());
        std::atomic<int> granted{0};
        std::atomic<int> refused{0};
        {
            std::vector<std::jthread> workers;
            workers.reserve(16);
            for (int i = 0; i < 16; ++i) {
                workers.emplace_back([&, i] {
                    const auto name = std::to_string(round) + "-" + std::to_string(i);
                    const auto answer = remote().claim_work(*brought.attempt, name, "w", at(3'000));
                    if (!answer.ok()) return;
                    if (*answer == ClaimAnswer::granted) ++granted;
                    if (*answer == ClaimAnswer::taken) ++refused;
                });
            }
        }
        ASSERT_EQ(granted, 1);
        ASSERT_EQ(refused, 15);
        ASSERT_EQ(events(brought.job.id, 2, 100).size(), 1u) << "it starts once";
        ASSERT_EQ(remote().find_remote_jobs(*brought.attempt)->size(), 16u);
    }
}

TEST_P(JobStoreSuite, AClaimAndACancelAtTheSameTimeAgreeOnWhoWasFirst) {
    for (int round = 0; round < 30; ++round) {
        const auto brought = bring_to(ann, Status::dispatched);
        ASSERT_TRUE(
            remote().note_submitted({*brought.attempt, 1}, "r-" + std::to_string(round), at(2'000)).ok());
        std::optional<ClaimAnswer> answer;
        {
            const std::jthread worker([&] {
                answer = *remote().claim_work(*brought.attempt, "r-" + std::to_string(round), "w", at(3'000));
            });
            const std::jthread owner(
                [&] { (void)store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(3'000)); });
        }
        const auto job = read(brought.job.id);
        ASSERT_EQ(job.status, Status::cancelled);
        ASSERT_EQ(answer == ClaimAnswer::granted, job.attempts[0].started_at.has_value());
        ASSERT_TRUE(answer == ClaimAnswer::granted || answer == ClaimAnswer::unwanted);
        const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
        ASSERT_TRUE(remote_jobs.at(0).unwanted);
        ASSERT_EQ(remote_jobs[0].state, RemoteState::submitted);
    }
}

}  // namespace
}  // namespace darkroom::conformance
