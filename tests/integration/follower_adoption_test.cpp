// Submits that nobody answered for: looked for, repeated at most twice, and accounted for to the last one.
#include "tests/integration/follow_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::ClaimAnswer;
using ports::RemotePhase;
using ports::RemoteState;

class AdoptionTest : public FollowTest {
protected:
    ClaimAnswer claim_by_worker(const JobId& id, const std::string& remote_id) {
        return *store_->claim_work(attempt_of(id), remote_id, "w1", clock_.now());
    }
    std::string name_of_submit(std::size_t number) const { return far_.jobs().at(number - 1).remote_id; }
};

// F-C03
TEST_F(AdoptionTest, ASubmitWhoseAnswerWasLostIsKnownByItsWorkersClaim) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    EXPECT_EQ(row(id).state, RemoteState::unclear);
    rounds_for(Milliseconds(20'000));
    EXPECT_EQ(claim_by_worker(id, name_of_submit(1)), ClaimAnswer::granted);
    far_.set_phase(name_of_submit(1), RemotePhase::running);
    rounds_for(Milliseconds(90'000));
    far_.succeed(name_of_submit(1));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    EXPECT_EQ(far_.orders().size(), 1u);
    EXPECT_EQ(rows(attempt_of(id)).size(), 1u);
}

TEST_F(AdoptionTest, OutputsOfASubmitThatNobodyNamedAreUsed) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    far_.worker_puts(name_of_submit(1), "pixels");
    rounds_for(Milliseconds(29'000));
    EXPECT_EQ(status(id), Status::dispatched);
    rounds_for(Milliseconds(2'000));
    expect_done(id, "storage");
    EXPECT_EQ(far_.orders().size(), 1u);
    // Its webhook may still name it, and tell what it cost.
    EXPECT_EQ(row(id).state, RemoteState::unclear);
    far_.succeed(name_of_submit(1));
    hint(attempt_of(id), name_of_submit(1));
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(row(id).ended_as, "succeeded");
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
    EXPECT_EQ(objects_on_disk(), 2u);
}

// F-C04
TEST_F(AdoptionTest, ASubmitThatNeverArrivedIsRepeatedUnderTheSameToken) {
    far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
    const auto id = sent();
    rounds_for(Milliseconds(29'000));
    EXPECT_EQ(far_.orders().size(), 1u);
    rounds_for(Milliseconds(3'000));
    ASSERT_EQ(far_.orders().size(), 2u);
    EXPECT_EQ(far_.orders()[0].token, far_.orders()[1].token);
    EXPECT_EQ(far_.orders()[0].work.attempt, far_.orders()[1].work.attempt);
    far_.succeed(name_of_submit(1));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    EXPECT_EQ(job(id).attempts.size(), 1u);
    const auto first = rows(attempt_of(id)).front();
    EXPECT_EQ(first.state, RemoteState::unclear);
    clock_.advance(first.deadline - clock_.now());
    round();
    EXPECT_EQ(rows(attempt_of(id)).front().ended_as, "never_seen");
}

TEST_F(AdoptionTest, AfterThreeSubmitsThatNobodyAnsweredForTheAttemptFails) {
    far_.play_submits([](const ports::RemoteOrder&) { return ScriptedRemoteBackend::lost_on_the_way(); });
    const auto id = sent();
    rounds_for(Milliseconds(200'000));
    EXPECT_EQ(far_.orders().size(), 3u);
    expect_failed(id, ErrorCode::backend_unavailable);
    EXPECT_EQ(status(id), Status::queued);
    EXPECT_EQ(rows(attempt_of(id)).size(), 3u);
    clock_.advance(std::chrono::hours(30));
    round();
    for (const auto& row : rows(attempt_of(id))) EXPECT_EQ(row.ended_as, "never_seen");
}

TEST_F(AdoptionTest, AResultOfASubmitThatWasGivenUpCountsAfterAll) {
    far_.play_submits(
        [](const ports::RemoteOrder&) { return ScriptedRemoteBackend::taken_but_reply_lost(); });
    const auto id = sent();
    rounds_for(Milliseconds(200'000));
    expect_failed(id, ErrorCode::backend_unavailable);
    far_.succeed(name_of_submit(2));
    hint(attempt_of(id), name_of_submit(2));
    round();
    expect_done(id, "webhook");
    EXPECT_EQ(count_events(id, "succeed_late"), 1);
}

// I-09: without the fence both would run.
TEST_F(AdoptionTest, OfTwoRemoteJobsOfOneAttemptTheFirstThatClaimsWorks) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    rounds_for(Milliseconds(33'000));
    ASSERT_EQ(far_.jobs().size(), 2u);
    EXPECT_EQ(claim_by_worker(id, name_of_submit(1)), ClaimAnswer::granted);
    EXPECT_EQ(claim_by_worker(id, name_of_submit(2)), ClaimAnswer::taken);
    far_.set_phase(name_of_submit(1), RemotePhase::running);
    far_.set_phase(name_of_submit(2), RemotePhase::duplicate);
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(status(id), Status::running);
    far_.succeed(name_of_submit(1));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    EXPECT_EQ(rows(attempt_of(id))[0].ended_as, "succeeded");
    EXPECT_EQ(rows(attempt_of(id))[1].ended_as, "duplicate");
}

TEST_F(AdoptionTest, TheOtherRemoteJobIsCancelledOnceOneHasEndedTheAttempt) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    rounds_for(Milliseconds(33'000));
    (void)claim_by_worker(id, name_of_submit(1));
    round();
    far_.set_phase(name_of_submit(1), RemotePhase::running);
    far_.succeed(name_of_submit(2));
    rounds_for(Milliseconds(60'000));
    expect_done(id, "poll");
    EXPECT_EQ(far_.job(name_of_submit(1)).look.phase, RemotePhase::cancelled);
    for (const auto& row : rows(attempt_of(id))) EXPECT_EQ(row.state, RemoteState::ended);
}

// Its worker may be about to put the next file there.
TEST_F(AdoptionTest, WhatARemoteJobAtWorkHasPutAwayIsNotTakenForTheNamelessOnesResult) {
    far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
    const auto id = sent();
    rounds_for(Milliseconds(33'000));
    far_.set_phase(name_of_submit(1), RemotePhase::running);
    far_.worker_puts(name_of_submit(1), "pixels");
    rounds_for(Milliseconds(120'000));
    EXPECT_EQ(status(id), Status::running);
    far_.succeed(name_of_submit(1), "pixels", {"main", "mask"});
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    EXPECT_EQ(job(id).attempts[0].outputs.size(), 2u);
}

TEST_F(AdoptionTest, TheSlotOfACancelledJobIsFreeWhenTheLastOfItsRemoteJobsHasEnded) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    rounds_for(Milliseconds(33'000));
    (void)claim_by_worker(id, name_of_submit(1));
    round();
    cancel(id);
    far_.forget(name_of_submit(2));  // not visible yet, for all that is known
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(rows(attempt_of(id))[0].ended_as, "cancelled");
    EXPECT_EQ(inflight(), 1);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(rows(attempt_of(id))[1].ended_as, "gone");
    EXPECT_EQ(inflight(), 0);
}

TEST_F(AdoptionTest, ADuplicateOfNothingIsALostResult) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::duplicate);
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::remote_result_lost);
}

TEST_F(AdoptionTest, ASubmitThatWasIntendedWhenTheProcessDiedIsMadeUpFor) {
    const auto id = create();
    claim();
    crash_and_open();
    rounds_for(Milliseconds(119'000));
    EXPECT_EQ(far_.orders().size(), 0u);
    rounds_for(Milliseconds(3'000));
    ASSERT_EQ(far_.orders().size(), 1u);
    far_.succeed(name_of_submit(1));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    EXPECT_EQ(job(id).attempts.size(), 1u);
}

TEST_F(AdoptionTest, WhileTheEndpointIsPausedNothingIsRepeated) {
    far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
    const auto id = sent();
    far_.set_endpoint_trouble("the key was refused");
    rounds_for(std::chrono::minutes(30), Milliseconds(10'000));
    EXPECT_EQ(far_.orders().size(), 1u);
    EXPECT_EQ(status(id), Status::dispatched);
    far_.set_endpoint_trouble(std::nullopt);
    rounds_for(Milliseconds(33'000));
    ASSERT_EQ(far_.orders().size(), 2u);
    far_.succeed(name_of_submit(1));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
}

TEST_F(AdoptionTest, ACancelledJobWhoseSubmitHasNoNameFreesItsSlotAndCancelsTheRemoteJobWhenItIsHeardOf) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    const auto id = sent();
    cancel(id);
    rounds_for(Milliseconds(20'000));
    EXPECT_EQ(inflight(), 1);
    rounds_for(Milliseconds(12'000));
    EXPECT_EQ(inflight(), 0);
    far_.set_phase(name_of_submit(1), RemotePhase::running);
    rounds_for(std::chrono::minutes(10), Milliseconds(10'000));
    EXPECT_EQ(far_.orders().size(), 1u);
    (void)claim_by_worker(id, name_of_submit(1));
    rounds_for(Milliseconds(2'000));
    EXPECT_EQ(far_.job(name_of_submit(1)).look.phase, RemotePhase::cancelled);
    EXPECT_EQ(row(id).ended_as, "cancelled");
    EXPECT_EQ(status(id), Status::cancelled);
}

// F-C08
TEST_F(AdoptionTest, ANameThatTwoSubmitsGotBelongsToTheFirst) {
    const auto first = sent();
    far_.play_next_submit(ScriptedRemoteBackend::taken_as(remote_id(first)));
    const auto second = sent();
    EXPECT_EQ(remote_id(second), "");
    far_.succeed(remote_id(first));
    rounds_for(Milliseconds(33'000));
    EXPECT_EQ(status(first), Status::succeeded);
    EXPECT_EQ(status(second), Status::dispatched);
    ASSERT_EQ(far_.jobs().size(), 2u);
    far_.succeed(name_of_submit(2));
    rounds_for(Milliseconds(37'000));
    EXPECT_EQ(status(second), Status::succeeded);
}

// The follower puts a nameless submit off to its deadline just when its name is written down.
TEST_F(AdoptionTest, ANameThatComesWhileItsSubmitIsPutOffIsFollowedAtOnce) {
    const auto id = create();
    claim();
    far_.before_answer([&](const ports::RemoteOrder& order, const std::string& name) {
        clock_.advance(Milliseconds(121'000));  // a slow one
        cancel(id);
        faults_.before([&, name](std::string_view call) -> std::optional<ports::StoreError> {
            if (call != "note_look") return std::nullopt;
            faults_.none();
            EXPECT_TRUE(
                store_->note_submitted({order.work.attempt, 1}, name, clock_.now() + Milliseconds(2'000))
                    .ok());
            return std::nullopt;
        });
        round();
    });
    send();
    rounds_for(Milliseconds(30'000));
    EXPECT_EQ(far_.job(remote_id(id)).cancels, 1);
    EXPECT_EQ(row(id).state, RemoteState::ended);
    EXPECT_EQ(inflight(), 0);
}

}  // namespace
}  // namespace darkroom::testing
