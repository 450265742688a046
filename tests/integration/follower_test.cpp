// The follower between a real store and a remote side that the test plays: what each answer of a look, or the
// lack of one, means for the job.
#include <algorithm>

#include "tests/integration/follow_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RemotePhase;
using ports::RemoteState;
using ports::RemoteTroubleKind;

class FollowerTest : public FollowTest {};

TEST_F(FollowerTest, AResultWhoseWebhookWasLostIsFoundByLooking) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(status(id), Status::running);
    far_.succeed(remote_id(id), "pixels", {"main", "mask", "preview"});
    rounds_for(Milliseconds(10'000));
    expect_done(id, "poll");
    const auto attempt = job(id).attempts[0];
    EXPECT_EQ(attempt.outputs.size(), 3u);
    EXPECT_EQ(attempt.cost_micro_usd, 930);
    EXPECT_EQ(attempt.execution, Milliseconds(3'000));
    EXPECT_EQ(attempt.delay, Milliseconds(800));
    EXPECT_EQ(attempt.gpu, "RTX 4090");
    EXPECT_EQ(row(id).ended_as, "succeeded");
    EXPECT_EQ(far_.outputs().size(), 0u);
    EXPECT_EQ(far_.cleared().count(attempt.id), 1u);
}

// Whatever the moment of the end: pauses between looks never exceed 36 s.
TEST_F(FollowerTest, AnEndIsNoticedWithinAMinuteHoweverLongTheJobTook) {
    for (const int minutes : {1, 7, 30}) {
        const auto id = sent();
        far_.set_phase(remote_id(id), RemotePhase::running);
        rounds_for(std::chrono::minutes(minutes));
        far_.succeed(remote_id(id));
        rounds_for(Milliseconds(37'000));
        expect_done(id, "poll");
    }
}

TEST_F(FollowerTest, StartsAnAttemptOnceAndTellsWhatItWaitedFor) {
    const auto id = sent();
    far_.change(remote_id(id), [](PlayedJob& job) { job.look.waiting_for = "cold_start"; });
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(job(id).attempts[0].waiting_for, "cold_start");
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(status(id), Status::running);
    EXPECT_EQ(count_events(id, "start"), 1);
}

TEST_F(FollowerTest, LooksInGrowingPauses) {
    const auto id = sent();
    rounds_for(Milliseconds(300'000));
    const int looks = far_.job(remote_id(id)).looks;
    EXPECT_GE(looks, 12);
    EXPECT_LE(looks, 20);
}

// F-C09
TEST_F(FollowerTest, AStatusThatGoesBackwardsIsIgnored) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(5'000));
    far_.set_phase(remote_id(id), RemotePhase::queued);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(status(id), Status::running);
    EXPECT_EQ(row(id).phase_seen, static_cast<int>(RemotePhase::running));
    far_.set_phase(remote_id(id), RemotePhase::unknown);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(status(id), Status::running);
    far_.succeed(remote_id(id));
    rounds_for(Milliseconds(40'000));
    expect_done(id, "poll");
}

// A late progress report can put a finished job back to IN_PROGRESS, for good.
TEST_F(FollowerTest, ASuccessThatWasSeenOnceIsNotForgottenWhenTheStatusFallsBack) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    breakable_->break_writes_with(ports::ObjectErrorKind::unavailable);
    rounds_for(Milliseconds(5'000));
    EXPECT_EQ(row(id).phase_seen, static_cast<int>(RemotePhase::succeeded));
    far_.change(remote_id(id), [](PlayedJob& job) { job.look = look_of(RemotePhase::running); });
    breakable_->mend();
    rounds_for(Milliseconds(40'000));
    expect_done(id, "storage");
}

// The same, and nobody saw the success before.
TEST_F(FollowerTest, WhatRunsBeyondEveryLimitIsLookedForInTheStorage) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(5'000));
    far_.worker_puts(remote_id(id), "pixels");
    rounds_for(Milliseconds(7'000'000));
    EXPECT_EQ(status(id), Status::running) << "its worker may be about to tell more";
    rounds_for(Milliseconds(300'000));
    expect_done(id, "storage");
    EXPECT_EQ(job(id).attempts.size(), 1u);
}

TEST_F(FollowerTest, WhatRunsBeyondEveryLimitWithoutAResultIsCancelledAndTimesOut) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(14'000'000));
    EXPECT_EQ(status(id), Status::running) << "a second dispatch is allowed its time";
    rounds_for(Milliseconds(500'000));
    expect_failed(id, ErrorCode::timeout);
    EXPECT_EQ(far_.job(remote_id(id)).look.phase, RemotePhase::cancelled);
}

TEST_F(FollowerTest, AFailureFailsTheAttemptAndAnotherFollows) {
    const auto id = sent();
    far_.fail(remote_id(id), ErrorCode::worker_oom);
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::worker_oom);
    EXPECT_EQ(status(id), Status::queued);
    EXPECT_EQ(job(id).attempts[0].completed_via, "poll");
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 310);
    EXPECT_EQ(row(id).ended_as, "failed");
    retries_fall_due();
    claim();
    send();
    far_.succeed(remote_id(id));
    rounds_for(Milliseconds(3'000));
    expect_done(id, "poll");
    EXPECT_EQ(job(id).attempts.size(), 2u);
}

// F-C12
TEST_F(FollowerTest, OutputsOfAJobThatIsCalledFailedAreUsed) {
    const auto id = sent();
    far_.worker_puts(remote_id(id), "pixels");
    far_.fail(remote_id(id), ErrorCode::timeout);
    rounds_for(Milliseconds(3'000));
    expect_done(id, "storage");
    EXPECT_EQ(row(id).ended_as, "failed");
}

TEST_F(FollowerTest, OutputsOfAFailedJobThatAreNoPictureChangeNothingAboutTheFailure) {
    const auto id = sent();
    far_.worker_puts(remote_id(id), "fail:input_unreadable");
    far_.fail(remote_id(id), ErrorCode::worker_oom);
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::worker_oom);
}

TEST_F(FollowerTest, AFailureThatTheInputIsToBlameForIsBelieved) {
    const auto id = sent();
    far_.worker_puts(remote_id(id), "half of something");
    far_.fail(remote_id(id), ErrorCode::no_subject);
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::no_subject);
    EXPECT_EQ(status(id), Status::failed);
    EXPECT_EQ(far_.outputs().size(), 0u);
}

TEST_F(FollowerTest, ASuccessThatTellsOfNoResultIsLookedForInTheStorage) {
    const auto found = sent();
    const auto lost = sent();
    far_.worker_puts(remote_id(found), "pixels");
    for (const auto& id : {found, lost}) far_.set_phase(remote_id(id), RemotePhase::succeeded);
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(status(found), Status::succeeded);
    EXPECT_EQ(job(found).attempts[0].completed_via, "storage");
    expect_failed(lost, ErrorCode::output_missing);
}

TEST_F(FollowerTest, AResultThatIsNoPictureFailsTheAttempt) {
    const auto id = sent();
    far_.succeed(remote_id(id), "fail:input_unreadable");
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::output_invalid);
    EXPECT_EQ(objects_on_disk(), 0u);
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
}

TEST_F(FollowerTest, ACancelByOthersFailsTheAttemptAndSaysSo) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::cancelled);
    rounds_for(Milliseconds(3'000));
    expect_failed(id, ErrorCode::backend_unavailable);
    EXPECT_NE(job(id).attempts[0].error->message.find("cancelled"), std::string::npos);
    EXPECT_EQ(row(id).ended_as, "cancelled");
}

// F-C10
TEST_F(FollowerTest, AYoungJobMayBeUnknownForAMinute) {
    const auto id = sent();
    far_.forget(remote_id(id));
    rounds_for(Milliseconds(55'000));
    EXPECT_EQ(status(id), Status::dispatched);
    rounds_for(Milliseconds(50'000));
    expect_failed(id, ErrorCode::remote_result_lost);
    EXPECT_EQ(row(id).ended_as, "gone");
}

// F-C11
TEST_F(FollowerTest, OutputsOfAJobThatIsForgottenThereAreUsed) {
    const auto id = sent();
    far_.worker_puts(remote_id(id), "pixels");
    far_.forget(remote_id(id));
    crash_and_open();
    clock_.advance(std::chrono::minutes(31));
    round();
    expect_done(id, "storage");
}

TEST_F(FollowerTest, NothingFailsWhileTheRemoteSideIsInTrouble) {
    const auto id = sent();
    far_.trouble_everything({RemoteTroubleKind::later, "not reached", Milliseconds(0)});
    rounds_for(std::chrono::minutes(60), Milliseconds(10'000));
    EXPECT_EQ(status(id), Status::dispatched);
    far_.mend();
    far_.succeed(remote_id(id));
    rounds_for(Milliseconds(40'000));
    expect_done(id, "poll");
}

// F-C15
TEST_F(FollowerTest, NothingFailsWhileAnOperatorMustAct) {
    const auto id = sent();
    far_.trouble_everything({RemoteTroubleKind::paused, "the key was refused", Milliseconds(0)});
    rounds_for(std::chrono::minutes(120), Milliseconds(10'000));
    EXPECT_EQ(status(id), Status::dispatched);
    far_.mend();
    far_.succeed(remote_id(id));
    rounds_for(Milliseconds(31'000));
    expect_done(id, "poll");
}

TEST_F(FollowerTest, AnAnswerThatCannotBeReadLeavesTheResultToTheStorage) {
    const auto id = sent();
    far_.play_look_trouble({RemoteTroubleKind::refused, "far too large", Milliseconds(0)});
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(status(id), Status::dispatched);
    far_.worker_puts(remote_id(id), "pixels");
    rounds_for(Milliseconds(40'000));
    expect_done(id, "storage");
}

TEST_F(FollowerTest, ALookIsPutOffAsLongAsTheServerAsks) {
    const auto id = sent();
    far_.trouble_everything({RemoteTroubleKind::later, "too many requests", Milliseconds(100'000)});
    rounds_for(Milliseconds(3'000));
    const auto wait = row(id).look_at - clock_.now();
    EXPECT_GT(wait, Milliseconds(95'000));
    EXPECT_LE(wait, Milliseconds(100'000));
}

TEST_F(FollowerTest, PastItsDeadlineARemoteJobIsCancelledAndTheAttemptFails) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    clock_.advance(row(id).deadline - clock_.now());
    round();
    expect_failed(id, ErrorCode::timeout);
    EXPECT_EQ(far_.job(remote_id(id)).cancels, 1);
    EXPECT_EQ(row(id).state, RemoteState::ended);
}

TEST_F(FollowerTest, AResultThatIsThereAtTheDeadlineIsUsed) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    clock_.advance(row(id).deadline - clock_.now());
    round();
    expect_done(id, "poll");
}

// The result is where it was: neither the job nor what it cost is thrown away.
TEST_F(FollowerTest, WhileNoStorageTakesTheResultItStaysWhereItIs) {
    for (const auto kind : {ports::ObjectErrorKind::unavailable, ports::ObjectErrorKind::full,
                            ports::ObjectErrorKind::denied}) {
        const auto id = sent();
        far_.succeed(remote_id(id));
        breakable_->break_writes_with(kind);
        rounds_for(std::chrono::minutes(30), Milliseconds(10'000));
        EXPECT_EQ(status(id), Status::dispatched);
        EXPECT_EQ(pictures_.files_left(), 0);
        breakable_->mend();
        rounds_for(Milliseconds(40'000));
        expect_done(id, "poll");
    }
}

TEST_F(FollowerTest, AnOutputThatCannotBeReadNowIsReadLater) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    far_.outputs().fail_next("open", ports::ObjectErrorKind::unavailable);
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(status(id), Status::dispatched);
    far_.outputs().fail_next("read", ports::ObjectErrorKind::unavailable);
    rounds_for(Milliseconds(30'000));
    expect_done(id, "poll");
}

TEST_F(FollowerTest, ACancelledJobFreesItsSlotWhenItsRemoteJobHasEnded) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    cancel(id);
    far_.trouble_everything({RemoteTroubleKind::later, "not reached", Milliseconds(0)});
    rounds_for(Milliseconds(30'000));
    EXPECT_EQ(inflight(), 1);
    crash_and_open();
    far_.mend();
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(inflight(), 0);
    EXPECT_EQ(far_.job(remote_id(id)).look.phase, RemotePhase::cancelled);
    EXPECT_EQ(row(id).ended_as, "cancelled");
    EXPECT_EQ(status(id), Status::cancelled);
}

// F-C17
TEST_F(FollowerTest, ACancelOfWhatIsGoneOrDoneThereEndsIt) {
    const auto gone = sent();
    const auto done = sent();
    far_.forget(remote_id(gone));
    far_.succeed(remote_id(done));
    for (const auto& id : {gone, done}) cancel(id);
    rounds_for(Milliseconds(100'000));
    EXPECT_EQ(row(gone).ended_as, "gone");
    EXPECT_EQ(row(done).ended_as, "succeeded");
    EXPECT_EQ(job(done).attempts[0].cost_micro_usd, 930);
    for (const auto& id : {gone, done}) EXPECT_EQ(status(id), Status::cancelled);
    EXPECT_EQ(inflight(), 0);
    EXPECT_EQ(objects_on_disk(), 0u);
    EXPECT_EQ(far_.outputs().size(), 0u);
}

TEST_F(FollowerTest, ACancelWhileALookIsUnderWayIsNotForgotten) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    bool once = false;
    far_.before_look([&](const ports::RemoteTask&) {
        if (!std::exchange(once, true)) cancel(id);
    });
    clock_.advance(Milliseconds(2'500));
    round();
    round();
    EXPECT_EQ(far_.job(remote_id(id)).look.phase, RemotePhase::cancelled);
    EXPECT_EQ(inflight(), 0);
}

TEST_F(FollowerTest, ACancelWhileTheResultIsFetchedWins) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    pictures_.during_run([&] {
        if (status(id) != Status::cancelled) cancel(id);
    });
    rounds_for(Milliseconds(30'000));
    EXPECT_EQ(status(id), Status::cancelled);
    EXPECT_EQ(inflight(), 0);
    EXPECT_EQ(objects_on_disk(), 0u);
    EXPECT_EQ(pictures_.files_left(), 0);
}

// F-C14
TEST_F(FollowerTest, WorkAtAnEndpointThatIsNotConfiguredAnyMoreWaitsForItUntilItsDeadline) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    gateway_->sites = dispatch::RemoteSites();
    rounds_for(std::chrono::minutes(10), Milliseconds(10'000));
    EXPECT_EQ(status(id), Status::dispatched);
    gateway_->sites = dispatch::RemoteSites({}, {&far_});
    rounds_for(Milliseconds(31'000));
    expect_done(id, "poll");
}

TEST_F(FollowerTest, WorkAtAnEndpointThatNeverComesBackEndsAtItsDeadline) {
    const auto id = sent();
    gateway_->sites = dispatch::RemoteSites();
    clock_.advance(row(id).deadline - clock_.now());
    round();
    expect_failed(id, ErrorCode::timeout);
    EXPECT_EQ(row(id).state, RemoteState::ended);
}

}  // namespace
}  // namespace darkroom::testing
