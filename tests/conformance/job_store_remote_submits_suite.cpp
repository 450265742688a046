// Submits to other machines: written down before they are sent, named by whoever tells their name first, and
// none forgotten.
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;
using ports::Adoption;
using ports::RemoteJobRef;
using ports::RemoteState;

TEST_P(JobStoreSuite, ARemoteClaimWritesWhatItIntendsInTheSameTransaction) {
    const auto brought = bring_to(ann, Status::dispatched);
    reopen();
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 1u);
    const auto& one = remote_jobs[0];
    EXPECT_EQ(one.ref, (RemoteJobRef{*brought.attempt, 1}));
    EXPECT_EQ(one.job, brought.job.id);
    EXPECT_EQ(one.endpoint, "this-machine");
    EXPECT_EQ(one.target, "there");
    EXPECT_TRUE(one.remote_id.empty() && one.ended_as.empty());
    EXPECT_EQ(one.state, RemoteState::intended);
    EXPECT_EQ(one.created_at, at(1'000));
    EXPECT_EQ(one.look_at, at(30'000));
    EXPECT_EQ(one.deadline, at(600'000));
    EXPECT_FALSE(one.claimed || one.unwanted);
}

TEST_P(JobStoreSuite, ALocalClaimIntendsNothingElsewhere) {
    ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    const auto claimed = *store().claim(claim_request(1));
    ASSERT_EQ(claimed.size(), 1u);
    const auto& attempt = claimed[0].job.attempts[0].id;
    EXPECT_TRUE(remote().find_remote_jobs(attempt)->empty());
    EXPECT_EQ(*remote().adopt(attempt, "r-1", at(2'000)), Adoption::forgotten);
    EXPECT_FALSE(remote().next_remote_look()->has_value());
}

TEST_P(JobStoreSuite, ASubmitThatWasTakenHasItsNameAndTheAttemptTellsIt) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    EXPECT_EQ(*remote().note_submitted(ref, "r-1", at(3'000)), Adoption::adopted);
    const auto once = everything_in_words(remote());
    EXPECT_EQ(*remote().note_submitted(ref, "r-1", at(3'000)), Adoption::known);
    EXPECT_EQ(everything_in_words(remote()), once);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_EQ(remote_jobs.at(0).state, RemoteState::submitted);
    EXPECT_EQ(remote_jobs.at(0).remote_id, "r-1");
    EXPECT_EQ(remote_jobs.at(0).look_at, at(3'000));
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-1");
    EXPECT_EQ(*remote().find_attempt_of("r-1"), brought.attempt);
    EXPECT_FALSE(remote().find_attempt_of("r-2")->has_value());
    EXPECT_FALSE(remote().find_attempt_of("")->has_value());
}

TEST_P(JobStoreSuite, AnUnclearSubmitIsNamedByAWebhookThatComesLater) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_unclear(ref, at(40'000)).ok());
    reopen();
    EXPECT_EQ(remote().find_remote_jobs(*brought.attempt)->at(0).state, RemoteState::unclear);
    EXPECT_EQ(*remote().next_remote_look(), at(40'000));
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(5'000)), Adoption::adopted);
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(6'000)), Adoption::known);
    ASSERT_TRUE(remote().note_unclear(ref, at(50'000)).ok()) << "the submit's own time-out, noted late";
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 1u);
    EXPECT_EQ(remote_jobs[0].state, RemoteState::submitted);
    EXPECT_EQ(remote_jobs[0].look_at, at(5'000)) << "it is looked at now";
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-1");
}

TEST_P(JobStoreSuite, ANameThatIsAnotherAttemptsChangesNothing) {
    const auto first = bring_to(ann, Status::dispatched);
    const auto second = bring_to(ann, Status::dispatched);
    ASSERT_EQ(*remote().note_submitted({*first.attempt, 1}, "r-1", at(3'000)), Adoption::adopted);
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    EXPECT_EQ(*remote().adopt(*second.attempt, "r-1", at(5'000)), Adoption::foreign);
    EXPECT_EQ(*remote().adopt(*second.attempt, "", at(5'000)), Adoption::foreign);
    EXPECT_EQ(*remote().claim_work(*second.attempt, "r-1", "w", at(5'000)), ports::ClaimAnswer::unknown);
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
    EXPECT_EQ(*remote().note_submitted({*second.attempt, 1}, "r-1", at(7'000)), Adoption::foreign);
    const auto remote_jobs = *remote().find_remote_jobs(*second.attempt);
    EXPECT_EQ(remote_jobs.at(0).state, RemoteState::unclear) << "it was sent, and its name is not known";
    EXPECT_TRUE(remote_jobs.at(0).remote_id.empty());
    EXPECT_EQ(*remote().find_attempt_of("r-1"), first.attempt);
}

TEST_P(JobStoreSuite, TheSameNameInTwoPlacesBelongsToTwoAttempts) {
    const auto here = bring_to(ann, Status::dispatched);
    const auto request = samples_.job(ann);
    ASSERT_TRUE(store().create_job(request).ok());
    auto claim = claim_request(1'000);
    claim.remote = remote_plan();
    claim.remote->target = "elsewhere";
    const auto claimed = *store().claim(claim);
    ASSERT_EQ(claimed.size(), 1u);
    const auto there = claimed[0].job.attempts[0].id;
    EXPECT_EQ(*remote().note_submitted({*here.attempt, 1}, "r-1", at(3'000)), Adoption::adopted);
    EXPECT_EQ(*remote().note_submitted({there, 1}, "r-1", at(3'000)), Adoption::adopted);
    EXPECT_EQ(*remote().find_attempt_of("r-1"), there) << "the younger one";
    ASSERT_TRUE(remote().end_remote_job({there, 1}, remote_end("succeeded"), at(9'000)).ok());
    const auto targets = *remote().list_remote_targets();
    ASSERT_EQ(targets.size(), 1u);
    EXPECT_EQ(targets[0].target, "there");
}

TEST_P(JobStoreSuite, AWorkerThatClaimsBeforeTheSubmitIsAnsweredNamesIt) {
    const auto brought = bring_to(ann, Status::dispatched);
    const RemoteJobRef ref{*brought.attempt, 1};
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(1'100)), ports::ClaimAnswer::granted);
    EXPECT_EQ(*remote().next_remote_look(), at(30'000)) << "a worker that begins is no reason to look";
    EXPECT_EQ(*remote().note_submitted(ref, "r-1", at(3'000)), Adoption::known);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 1u);
    EXPECT_EQ(remote_jobs[0].look_at, at(3'000));
    EXPECT_EQ(remote_jobs[0].state, RemoteState::submitted);
    EXPECT_TRUE(remote_jobs[0].claimed);
}

// The first submit had no answer; the second one's worker claims, and only then comes the second answer.
TEST_P(JobStoreSuite, ANameThatWasTakenForAnEarlierSubmitsLeavesTheLaterOneUnclear) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(40'000)).ok());
    auto plan = remote_plan();
    plan.deadline = at(900'000);
    const auto second = *remote().open_remote_job(*brought.attempt, plan, at(41'000));
    ASSERT_EQ(second, (RemoteJobRef{*brought.attempt, 2}));
    EXPECT_EQ(*remote().claim_work(*brought.attempt, "r-2", "w", at(42'000)), ports::ClaimAnswer::granted);
    EXPECT_EQ(*remote().note_submitted(*second, "r-2", at(43'000)), Adoption::known);
    auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 2u);
    EXPECT_EQ(remote_jobs[0].remote_id, "r-2");
    EXPECT_EQ(remote_jobs[0].deadline, at(900'000));
    EXPECT_EQ(remote_jobs[1].state, RemoteState::unclear);
    EXPECT_EQ(remote_jobs[1].look_at, at(43'000));
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(44'000)), Adoption::adopted)
        << "the first one's, late";
    remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_EQ(remote_jobs[1].remote_id, "r-1");
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-2") << "the one at work counts";
}

TEST_P(JobStoreSuite, AnotherSubmitOfAnAttemptIsOpenedOnlyWhileTheAttemptIsAtWork) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_EQ(remote().open_remote_job(*brought.attempt, remote_plan(), at(2'000))->value().submission, 2);
    ASSERT_EQ(remote().open_remote_job(*brought.attempt, remote_plan(), at(2'000))->value().submission, 3);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(3'000)).ok());
    EXPECT_FALSE(remote().open_remote_job(*brought.attempt, remote_plan(), at(4'000))->has_value());
    const auto over = bring_to(ann, Status::succeeded);
    EXPECT_FALSE(remote().open_remote_job(*over.attempt, remote_plan(), at(4'000))->has_value());
    EXPECT_FALSE(remote().open_remote_job(samples_.unknown_attempt(), remote_plan(), at(4'000))->has_value());
}

TEST_P(JobStoreSuite, OneNameMoreThanThereWereSubmitsIsNotedAndUnwanted) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_EQ(*remote().note_submitted({*brought.attempt, 1}, "r-1", at(3'000)), Adoption::adopted);
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-2", at(4'000)), Adoption::surplus);
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-2", at(5'000)), Adoption::known);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 2u);
    EXPECT_FALSE(remote_jobs[0].unwanted);
    EXPECT_TRUE(remote_jobs[1].unwanted);
    EXPECT_EQ(remote_jobs[1].look_at, at(4'000));
    EXPECT_EQ(remote_jobs[1].target, "there");
    EXPECT_EQ(read(brought.job.id).attempts[0].remote_id, "r-1");
}

TEST_P(JobStoreSuite, ANameIsHearsayUntilItsSubmitOrAWorkerSaysTheSame) {
    const auto hearsay = [&](const AttemptId& attempt, std::size_t row) {
        return remote().find_remote_jobs(attempt)->at(row).hearsay;
    };
    for (const bool by_worker : {true, false}) {
        const auto attempt = *bring_to(ann, Status::dispatched).attempt;
        EXPECT_FALSE(hearsay(attempt, 0)) << "it has none";
        ASSERT_EQ(*remote().adopt(attempt, "r-" + attempt.str(), at(3'000)), Adoption::adopted);
        EXPECT_TRUE(hearsay(attempt, 0));
        if (by_worker)
            EXPECT_EQ(*remote().claim_work(attempt, "r-" + attempt.str(), "w", at(4'000)),
                      ports::ClaimAnswer::granted);
        else
            EXPECT_EQ(*remote().note_submitted({attempt, 1}, "r-" + attempt.str(), at(4'000)),
                      Adoption::known);
        EXPECT_FALSE(hearsay(attempt, 0));
        EXPECT_EQ(*remote().adopt(attempt, "r-" + attempt.str(), at(5'000)), Adoption::known);
        EXPECT_FALSE(hearsay(attempt, 0)) << "what is sure stays so";
        ASSERT_EQ(*remote().adopt(attempt, "s-" + attempt.str(), at(6'000)), Adoption::surplus);
        EXPECT_TRUE(hearsay(attempt, 1));
        (void)remote().claim_work(attempt, "s-" + attempt.str(), "w", at(7'000));
        EXPECT_FALSE(hearsay(attempt, 1));
    }
}

TEST_P(JobStoreSuite, WhoMakesNamesUpCannotFillTheStoreWithThem) {
    const auto brought = bring_to(ann, Status::dispatched);
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(remote().adopt(*brought.attempt, "made-up-" + std::to_string(i), at(3'000)).ok());
    EXPECT_EQ(*remote().adopt(*brought.attempt, "made-up-100", at(3'000)), Adoption::foreign);
    EXPECT_EQ(remote().find_remote_jobs(*brought.attempt)->size(), 16u);
    EXPECT_EQ(*remote().note_submitted({*brought.attempt, 1}, "r-1", at(4'000)), Adoption::adopted)
        << "what the submit itself was told is always taken";
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_EQ(remote_jobs.back().remote_id, "r-1");
    EXPECT_FALSE(remote_jobs.back().unwanted);
}

TEST_P(JobStoreSuite, AnUnclearSubmitThatWasGivenUpIsFollowedAgainWhenItsNameTurnsUp) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_unclear(ref, at(40'000)).ok());
    ASSERT_TRUE(
        store()
            .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout), "follower", at(50'000))
            .ok());
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("never_seen"), at(600'000)).ok());
    EXPECT_FALSE(remote().next_remote_look()->has_value());
    EXPECT_TRUE(remote().list_costs("0000-01-01", "9999-12-31")->empty()) << "nobody knows that it ever was";
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-1", at(700'000)), Adoption::adopted);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    EXPECT_EQ(remote_jobs.at(0).state, RemoteState::submitted);
    EXPECT_TRUE(remote_jobs[0].unwanted);
    EXPECT_EQ(remote_jobs[0].look_at, at(700'000));
    EXPECT_TRUE(remote_jobs[0].ended_as.empty());
}

TEST_P(JobStoreSuite, ASubmitThatWasRefusedIsNotTakenForTheOneWithANewName) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_submitted({*brought.attempt, 1}, "r-1", at(3'000)).ok());
    const auto second = *remote().open_remote_job(*brought.attempt, remote_plan(), at(4'000));
    ASSERT_TRUE(remote().end_remote_job(*second, remote_end("refused"), at(5'000)).ok());
    EXPECT_EQ(*remote().adopt(*brought.attempt, "r-2", at(6'000)), Adoption::surplus);
    const auto remote_jobs = *remote().find_remote_jobs(*brought.attempt);
    ASSERT_EQ(remote_jobs.size(), 3u);
    EXPECT_EQ(remote_jobs[1].ended_as, "refused");
    EXPECT_TRUE(remote_jobs[2].unwanted);
}

TEST_P(JobStoreSuite, WhatIsSaidOfRemoteJobsThatNeverWereChangesNothing) {
    const auto brought = bring_to(ann, Status::dispatched);
    const auto before = everything_in_words(remote()) + everything_in_words(store());
    for (const RemoteJobRef& ref :
         {RemoteJobRef{samples_.unknown_attempt(), 1}, RemoteJobRef{*brought.attempt, 2},
          RemoteJobRef{*brought.attempt, 0}, RemoteJobRef{*brought.attempt, -1}}) {
        EXPECT_EQ(*remote().note_submitted(ref, "r-1", at(2'000)), Adoption::forgotten);
        EXPECT_TRUE(remote().note_unclear(ref, at(2'000)).ok());
        EXPECT_TRUE(
            remote().note_look(ref, {.phase_seen = 2, .look_at = at(2'000), .waiting_for = "x"}).ok());
        EXPECT_TRUE(remote().end_remote_job(ref, remote_end("succeeded", 5), at(2'000)).ok());
    }
    EXPECT_EQ(*remote().note_submitted({*brought.attempt, 1}, "", at(2'000)), Adoption::foreign);
    EXPECT_EQ(*remote().adopt(samples_.unknown_attempt(), "r-1", at(2'000)), Adoption::forgotten);
    EXPECT_EQ(*remote().claim_work(samples_.unknown_attempt(), "r-1", "w", at(2'000)),
              ports::ClaimAnswer::unknown);
    EXPECT_FALSE(*remote().hurry(samples_.unknown_attempt(), "r-1", true, at(2'000)));
    EXPECT_FALSE(*remote().hurry(*brought.attempt, "", true, at(2'000)));
    EXPECT_FALSE(*remote().hurry(*brought.attempt, "r-1", true, at(2'000)));
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), before);
}

TEST_P(JobStoreSuite, NamesWithQuotesZeroesAndBadTextAreKeptAsTheyAre) {
    for (const std::string& name : {std::string("'; DROP TABLE jobs; --"), std::string("a\0b", 3),
                                    std::string("\xff\xfe"), std::string(10'000, 'x')}) {
        const auto brought = bring_to(ann, Status::dispatched);
        EXPECT_EQ(*remote().note_submitted({*brought.attempt, 1}, name, at(3'000)), Adoption::adopted);
        EXPECT_EQ(remote().find_remote_jobs(*brought.attempt)->at(0).remote_id, name);
        EXPECT_EQ(*remote().find_attempt_of(name), brought.attempt);
    }
}

TEST_P(JobStoreSuite, AllRemoteJobsAreListedPageAfterPage) {
    std::vector<AttemptId> expected;
    expected.reserve(5);
    for (int i = 0; i < 5; ++i) expected.push_back(*bring_to(ann, Status::dispatched).attempt);
    std::vector<AttemptId> listed;
    std::int64_t after = 0;
    do {
        const auto page = *remote().list_remote_jobs(after, 2);
        ASSERT_LE(page.remote_jobs.size(), 2u);
        for (const auto& one : page.remote_jobs) listed.push_back(one.ref.attempt);
        ASSERT_TRUE(page.next_after == 0 || page.next_after > after);
        after = page.next_after;
    } while (after != 0);
    EXPECT_EQ(listed, expected);
    EXPECT_EQ(remote().list_remote_jobs(0, 5)->next_after, 0);
    EXPECT_TRUE(remote().list_remote_jobs(0, -1)->remote_jobs.empty());
}

}  // namespace
}  // namespace darkroom::conformance
