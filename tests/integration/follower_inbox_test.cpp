// What comes in about remote jobs: webhooks, which are hints, and workers' reports, which are the truth;
// late, doubled, forged, or before anybody expects them.
#include <thread>

#include "tests/integration/follow_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RemotePhase;
using ports::RemoteState;
using Outcomes = std::map<std::string, int>;

class InboxTest : public FollowTest {
protected:
    // Failed for good, and nothing in the queue.
    JobId failed_job(ErrorCode code = ErrorCode::no_subject) {
        const auto id = sent();
        far_.fail(remote_id(id), code);
        rounds_for(Milliseconds(3'000));
        return id;
    }
};

TEST_F(InboxTest, AWebhookMakesTheResultKnownAtOnce) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    hint(attempt_of(id), remote_id(id));
    round();
    expect_done(id, "webhook");
    EXPECT_EQ(outcomes_, (Outcomes{{"confirmed", 1}}));
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
}

// F-D04
TEST_F(InboxTest, AWebhookThatIsFasterThanTheAnswerOfItsSubmitNamesTheJob) {
    far_.before_answer([&](const ports::RemoteOrder& order, const std::string& remote_id) {
        far_.succeed(remote_id);
        hint(order.work.attempt, remote_id);
        round();
    });
    const auto id = sent();
    expect_done(id, "webhook");
    EXPECT_EQ(rows(attempt_of(id)).size(), 1u);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(far_.orders().size(), 1u);
    EXPECT_EQ(row(id).state, RemoteState::ended);
}

// F-D06
TEST_F(InboxTest, AWebhookThatTellsOtherThanTheStatusChangesNothing) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    hint(attempt_of(id), remote_id(id), true);
    round();
    EXPECT_EQ(status(id), Status::running);
    hint(attempt_of(id), remote_id(id), false);
    round();
    EXPECT_EQ(status(id), Status::running);
    EXPECT_EQ(outcomes_, (Outcomes{{"mismatch", 2}}));
}

TEST_F(InboxTest, AWebhookThatIsAheadOfTheStatusMakesItLookedAtSoonAgain) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    rounds_for(Milliseconds(120'000));
    ASSERT_GT(row(id).look_at - clock_.now(), Milliseconds(3'000));
    std::thread thread([&] { gateway_->follower.run(); });
    hint(attempt_of(id), remote_id(id));
    gateway_->follower.wake();
    while (!store_->list_inbox(1)->empty()) clock_.pass(Milliseconds(0));
    EXPECT_LE(row(id).look_at - clock_.now(), Milliseconds(2'400));
    far_.succeed(remote_id(id));
    const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (int moved = 0; status(id) != Status::succeeded && std::chrono::steady_clock::now() < give_up_at;) {
        clock_.pass(Milliseconds(moved < 5'000 ? 100 : 0));
        moved += 100;
    }
    gateway_->follower.stop();
    thread.join();
    expect_done(id, "poll");
}

TEST_F(InboxTest, AWebhookThatNamesAnotherAttemptsRemoteJobChangesNeither) {
    const auto mine = sent();
    const auto other = sent();
    far_.succeed(remote_id(other));
    hint(attempt_of(mine), remote_id(other));
    round();
    EXPECT_EQ(outcomes_, (Outcomes{{"mismatch", 1}}));
    for (const auto& id : {mine, other}) EXPECT_EQ(status(id), Status::dispatched);
    EXPECT_EQ(far_.job(remote_id(mine)).cancels, 0);
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(status(other), Status::succeeded);
    EXPECT_EQ(status(mine), Status::dispatched);
}

TEST_F(InboxTest, AWebhookThatNamesARemoteJobThatNeverWasCostsTheAttemptNothing) {
    const auto id = sent();
    hint(attempt_of(id), "made-up-u1");
    hint(attempt_of(id), "made-up-u2", false);
    round();
    EXPECT_EQ(outcomes_, (Outcomes{{"duplicate", 2}}));
    rounds_for(Milliseconds(120'000));
    EXPECT_EQ(status(id), Status::dispatched);
    far_.succeed(remote_id(id));
    rounds_for(Milliseconds(37'000));
    expect_done(id, "poll");
    for (const auto& row : rows(attempt_of(id))) EXPECT_EQ(row.state, RemoteState::ended);
}

TEST_F(InboxTest, AWebhookOfAnAttemptThatNeverWasIsSettled) {
    hint(random_.id<AttemptId>(), "far-1-u1");
    report(random_.id<AttemptId>(), "far-1-u1", "succeeded");
    round();
    EXPECT_EQ(outcomes_, (Outcomes{{"forgotten", 2}}));
    EXPECT_TRUE(store_->list_inbox(10)->empty());
}

TEST_F(InboxTest, AWebhookThatCouldNotBeReadLetsEverythingOfItsAttemptBeLookedAt) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    hint(attempt_of(id), "");
    round();
    expect_done(id, "webhook");
    EXPECT_EQ(outcomes_, (Outcomes{{"confirmed", 1}}));
}

TEST_F(InboxTest, AWebhookWhileTheRemoteSideIsInTroubleIsSettledAndThePollGoesOn) {
    const auto id = sent();
    far_.succeed(remote_id(id));
    far_.trouble_everything({ports::RemoteTroubleKind::later, "not reached", Milliseconds(0)});
    hint(attempt_of(id), remote_id(id));
    round();
    EXPECT_EQ(outcomes_, (Outcomes{{"unheard", 1}}));
    far_.mend();
    rounds_for(Milliseconds(10'000));
    expect_done(id, "poll");
}

// F-D03
TEST_F(InboxTest, WhatComesAfterTheEndChangesNothing) {
    const auto done = sent();
    const auto cancelled = sent();
    far_.succeed(remote_id(done));
    cancel(cancelled);
    rounds_for(Milliseconds(120'000));
    const auto was = job(done);
    for (const auto& id : {done, cancelled}) {
        hint(attempt_of(id), remote_id(id));
        hint(attempt_of(id), remote_id(id), false);
        report(attempt_of(id), remote_id(id), "failed internal");
    }
    report(attempt_of(done), remote_id(done), "succeeded");
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(job(done).updated_at, was.updated_at);
    EXPECT_EQ(status(done), Status::succeeded);
    EXPECT_EQ(status(cancelled), Status::cancelled);
    EXPECT_EQ(inflight(), 0);
    EXPECT_TRUE(store_->list_inbox(10)->empty());
    EXPECT_GE(outcomes_["late"], 5);
}

TEST_F(InboxTest, AReportIsTheTruthAndWhatItCostIsAskedForLater) {
    const auto id = sent();
    const auto name = remote_id(id);
    far_.set_phase(name, RemotePhase::running);
    far_.worker_puts(name, "pixels");
    report(attempt_of(id), name, "succeeded");
    round();
    expect_done(id, "callback");
    EXPECT_EQ(outcomes_, (Outcomes{{"confirmed", 1}}));
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    report(attempt_of(id), name, "succeeded");
    rounds_for(Milliseconds(3'000));
    EXPECT_EQ(pictures_.runs(), 1);
    far_.succeed(name);
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(far_.job(name).cancels, 0);
    EXPECT_EQ(row(id).state, RemoteState::ended);
    EXPECT_EQ(row(id).ended_as, "succeeded");
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
    EXPECT_EQ(job(id).attempts[0].completed_via, "callback");
    EXPECT_EQ(objects_on_disk(), 2u);
}

TEST_F(InboxTest, AReportedFailureFailsTheAttempt) {
    const auto id = sent();
    report(attempt_of(id), remote_id(id), "failed no_subject");
    round();
    expect_failed(id, ErrorCode::no_subject);
    EXPECT_EQ(job(id).attempts[0].completed_via, "callback");
    far_.fail(remote_id(id), ErrorCode::no_subject);
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(row(id).ended_as, "failed");
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 310);
}

TEST_F(InboxTest, AReportThatIsNoneOnlyLetsTheRemoteJobBeLookedAt) {
    const auto id = sent();
    far_.set_phase(remote_id(id), RemotePhase::running);
    for (const std::string body : {"", "{}", "succeeded succeeded", "failed nonsense"}) {
        report(attempt_of(id), remote_id(id), body);
        round();
    }
    EXPECT_EQ(outcomes_, (Outcomes{{"mismatch", 4}}));
    EXPECT_EQ(status(id), Status::running);
    EXPECT_EQ(far_.job(remote_id(id)).looks, 4);
}

TEST_F(InboxTest, AReportAboutAnotherAttemptsRemoteJobChangesNeither) {
    const auto mine = sent();
    const auto other = sent();
    report(attempt_of(mine), remote_id(other), "failed no_subject");
    round();
    EXPECT_EQ(outcomes_, (Outcomes{{"mismatch", 1}}));
    for (const auto& id : {mine, other}) EXPECT_EQ(status(id), Status::dispatched);
}

// F-D05 and the upgrade of FAILED to a proven success.
TEST_F(InboxTest, AJobThatWasTakenForFailedSucceedsOnceItsSuccessIsProven) {
    const auto heard = failed_job();
    const auto reported = failed_job();
    far_.succeed(remote_id(heard));
    hint(attempt_of(heard), remote_id(heard));
    far_.worker_puts(remote_id(reported), "pixels");
    report(attempt_of(reported), remote_id(reported), "succeeded");
    round();
    expect_done(heard, "webhook");
    expect_done(reported, "callback");
    EXPECT_EQ(count_events(heard, "succeed_late"), 1);
    EXPECT_EQ(job(heard).attempts[0].cost_micro_usd, 930);
}

TEST_F(InboxTest, AForgedSuccessDoesNotUpgradeAFailure) {
    const auto id = failed_job();
    hint(attempt_of(id), remote_id(id), true);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(outcomes_, (Outcomes{{"mismatch", 1}}));
    EXPECT_EQ(status(id), Status::failed);
    EXPECT_EQ(row(id).state, RemoteState::ended);
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 310);
}

TEST_F(InboxTest, AnEarlierAttemptsLateSuccessEndsAJobThatWaitsForItsNextOne) {
    const auto id = failed_job(ErrorCode::worker_oom);
    ASSERT_EQ(status(id), Status::queued);
    far_.succeed(remote_id(id));
    hint(attempt_of(id), remote_id(id));
    round();
    expect_done(id, "webhook");
    retries_fall_due();
    claim();
    send();
    EXPECT_EQ(far_.orders().size(), 1u);
}

TEST_F(InboxTest, AnEarlierAttemptsLateSuccessLeavesTheNextOneAlone) {
    const auto id = failed_job(ErrorCode::worker_oom);
    const auto first = attempt_of(id);
    const auto first_name = remote_id(id);
    retries_fall_due();
    claim();
    send();
    far_.succeed(first_name, "late pixels");
    hint(first, first_name);
    round();
    EXPECT_EQ(status(id), Status::dispatched);
    EXPECT_EQ(objects_on_disk(), 0u);
    far_.succeed(remote_id(id), "pixels");
    hint(attempt_of(id), remote_id(id));
    round();
    expect_done(id, "webhook");
    EXPECT_EQ(job(id).selected_attempt, job(id).attempts[1].id);
    hint(first, first_name);
    round();
    EXPECT_EQ(job(id).selected_attempt, job(id).attempts[1].id);
}

// F-D01
TEST_F(InboxTest, AThousandTellingsAtOnceEndAJobOnce) {
    const auto id = sent();
    const auto attempt = attempt_of(id);
    const auto name = remote_id(id);
    far_.succeed(name);
    std::vector<std::thread> followers;
    followers.reserve(8);
    for (int i = 0; i < 8; ++i) followers.emplace_back([&] { gateway_->follower.run(); });
    std::vector<std::thread> tellers;
    tellers.reserve(8);
    for (int i = 0; i < 8; ++i) {
        tellers.emplace_back([&, i] {
            for (int k = 0; k < 125; ++k) {
                if ((i + k) % 2 == 0)
                    hint(attempt, name, k % 5 != 0);
                else
                    report(attempt, name, "succeeded");
                gateway_->follower.wake();
            }
        });
    }
    for (auto& teller : tellers) teller.join();
    while (!store_->list_inbox(1)->empty()) clock_.advance(Milliseconds(1'000));
    gateway_->follower.stop();
    for (auto& follower : followers) follower.join();
    EXPECT_EQ(count_events(id, "succeed") + count_events(id, "succeed_late"), 1);
    EXPECT_EQ(job(id).attempts[0].cost_micro_usd, 930);
    EXPECT_EQ(objects_on_disk(), 2u);
    EXPECT_EQ(inflight(), 0);
    int settled = 0;
    for (const auto& [outcome, count] : outcomes_) settled += count;
    EXPECT_EQ(settled, 1'000);
}

TEST_F(InboxTest, WhatIsSettledIsForgottenAfterADay) {
    const auto id = sent();
    auto once = entry(ports::InboxKind::report, attempt_of(id), remote_id(id));
    once.body = "no report";
    once.once = "msg-1";
    ASSERT_EQ(*store_->receive(once), ports::Received::stored);
    round();
    ASSERT_EQ(*store_->receive(once), ports::Received::replayed);
    clock_.advance(std::chrono::hours(23));
    round();
    ASSERT_EQ(*store_->receive(once), ports::Received::replayed);
    clock_.advance(std::chrono::hours(2));
    round();
    EXPECT_EQ(*store_->receive(once), ports::Received::stored);
}

TEST_F(InboxTest, ASuccessThatIsReportedLateWaitsForAStorageInTrouble) {
    const auto id = failed_job();
    ASSERT_EQ(status(id), Status::failed);
    (void)far_.worker_puts(remote_id(id), "pixels");
    breakable_->break_writes_with(ports::ObjectErrorKind::unavailable);
    report(attempt_of(id), remote_id(id), "succeeded");
    round();
    EXPECT_EQ(status(id), Status::failed);
    breakable_->mend();
    rounds_for(Milliseconds(40'000));
    EXPECT_EQ(status(id), Status::succeeded);
    EXPECT_EQ(row(id).state, RemoteState::ended);
}

}  // namespace
}  // namespace darkroom::testing
