// What becomes of a submit, by the answer that it gets.
#include <gtest/gtest.h>

#include "tests/integration/way_out_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RefusalRule;
using ports::RemoteState;

class SubmitterTest : public WayOutTest {
protected:
    SubmitterTest() : far_(add_site(2)) { open(); }
    std::size_t sent() const { return far_.orders().size(); }

    ScriptedRemoteBackend& far_;
};

TEST_F(SubmitterTest, WhatWasTakenIsKnownByItsNameAndLookedAtSoon) {
    const auto id = create();
    round_and_send();
    const auto one = attempt(id);
    EXPECT_EQ(one.status, Status::dispatched);
    EXPECT_EQ(one.remote_id, "far-1-u1");
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_EQ(row(id).remote_id, "far-1-u1");
    EXPECT_EQ(row(id).look_at, clock_.now() + 2 * second);
    EXPECT_GE(looks_changed_, 1);
    round_and_send();
    EXPECT_EQ(sent(), 1u);
}

TEST_F(SubmitterTest, AnOrderSaysWhatToDoUntilWhenAndProvesThatItIsDarkrooms) {
    const auto id = create();
    round_and_send();
    ASSERT_EQ(sent(), 1u);
    const auto order = far_.orders()[0];
    EXPECT_EQ(order.work.job, id);
    EXPECT_EQ(order.work.attempt, attempt(id).id);
    EXPECT_EQ(order.work.attempt_number, 1);
    EXPECT_EQ(order.work.type, "bg_remove");
    EXPECT_EQ(order.work.params_effective_json, R"({"v":1})");
    EXPECT_EQ(order.work.time_limit, Milliseconds(600'000));
    EXPECT_EQ(core::read_attempt_token(order.token, secret), attempt(id).id);
    EXPECT_EQ(order.deadline, clock_.now() + Milliseconds(86'400'000 + 600'000 + 300'000));
    EXPECT_EQ(order.deadline, row(id).deadline);
}

TEST_F(SubmitterTest, I_07_ItIsWrittenDownBeforeItIsSent) {
    const auto id = create();
    (void)round();
    EXPECT_EQ(sent(), 0u);
    EXPECT_EQ(row(id).state, RemoteState::intended);
    EXPECT_EQ(row(id).target, "scripted|far");
    EXPECT_EQ(row(id).look_at, clock_.now() + 120 * second);
}

TEST_F(SubmitterTest, F_C03_AnAnswerThatWasLostIsNotAskedForAgainAndTheJobWaits) {
    for (const auto& play :
         {ScriptedRemoteBackend::taken_but_reply_lost(), ScriptedRemoteBackend::lost_on_the_way()}) {
        const auto id = create();
        const auto before = sent();
        far_.play_next_submit(play);
        round_and_send();
        EXPECT_EQ(row(id).state, RemoteState::unclear);
        EXPECT_EQ(row(id).look_at, clock_.now() + 30 * second);
        EXPECT_EQ(job(id).status, Status::dispatched);
        clock_.advance(3'600 * second);
        round_and_send();
        EXPECT_EQ(sent(), before + 1);
    }
}

TEST_F(SubmitterTest, F_C01_ARefusalForNowCostsNoAttemptAndIsTriedAgainAfterASecond) {
    const auto id = create();
    far_.play_next_submit(ScriptedRemoteBackend::refused(RefusalRule::again_later));
    round_and_send();
    EXPECT_TRUE(never_was(id));
    clock_.advance(second - Milliseconds(1));
    round_and_send();
    EXPECT_EQ(sent(), 1u);
    clock_.advance(Milliseconds(1));
    round_and_send();
    EXPECT_EQ(sent(), 2u);
    EXPECT_EQ(attempt(id).number, 1);
    EXPECT_EQ(row(id).state, RemoteState::submitted);
}

TEST_F(SubmitterTest, F_C02_AnEndpointThatAsksForAPauseGetsNothingUntilItIsOver) {
    const auto id = create();
    far_.play_next_submit(ScriptedRemoteBackend::refused(RefusalRule::again_later, 7 * second));
    round_and_send();
    EXPECT_TRUE(never_was(id));
    const auto other = create();
    clock_.advance(7 * second - Milliseconds(1));
    round_and_send();
    EXPECT_EQ(sent(), 1u);
    EXPECT_TRUE(never_was(other));
    clock_.advance(Milliseconds(1));
    round_and_send();
    EXPECT_EQ(sent(), 3u);
}

TEST_F(SubmitterTest, F_C02_AbsurdPausesAreKeptWithinASecondAndFiveMinutes) {
    struct Case {
        std::int64_t asked_ms;
        std::int64_t kept_ms;
    };
    for (const auto& [asked, kept] :
         {Case{0, 1'000}, Case{-1'000'000, 1'000}, Case{1'000'000'000'000, 300'000}, Case{INT64_MAX, 300'000},
          Case{INT64_MIN, 1'000}}) {
        SCOPED_TRACE(asked);
        const auto id = create();
        far_.play_next_submit(ScriptedRemoteBackend::refused(RefusalRule::again_later, Milliseconds(asked)));
        const auto before = sent();
        round_and_send();
        EXPECT_TRUE(never_was(id));
        clock_.advance(Milliseconds(kept - 1));
        round_and_send();
        EXPECT_EQ(sent(), before + 1);
        clock_.advance(Milliseconds(1));
        round_and_send();
        EXPECT_EQ(sent(), before + 2);
        EXPECT_EQ(row(id).state, RemoteState::submitted);
        end(id, "cancelled");
    }
}

TEST_F(SubmitterTest, AJobThatIsRefusedAgainAndAgainIsTriedLessAndLessOften) {
    const auto id = create();
    far_.play_submits([](const auto&) { return ScriptedRemoteBackend::refused(RefusalRule::again_later); });
    std::vector<std::int64_t> pauses;
    TimePoint last = clock_.now();
    round_and_send();
    while (sent() < 9) {
        clock_.advance(second);
        const auto before = sent();
        round_and_send();
        if (sent() == before) continue;
        pauses.push_back((clock_.now() - last).count() / 1'000);
        last = clock_.now();
    }
    EXPECT_EQ(pauses, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 64}));
    EXPECT_TRUE(never_was(id));
}

TEST_F(SubmitterTest, F_C15_AnEndpointThatRefusesTheKeyStopsGettingJobsAndNoneFails) {
    const auto first = create();
    const auto second_job = create();
    far_.play_submits([this](const auto&) {
        far_.set_endpoint_trouble("the API key is refused");
        return ScriptedRemoteBackend::refused(RefusalRule::pause);
    });
    round_and_send();
    EXPECT_EQ(sent(), 1u);  // the other one was not tried in vain
    for (int hour = 0; hour < 5; ++hour) {
        clock_.advance(3'600 * second);
        round_and_send();
    }
    EXPECT_EQ(sent(), 1u);
    EXPECT_TRUE(never_was(first));
    EXPECT_TRUE(never_was(second_job));
    ASSERT_TRUE(dispatcher().dispatch_trouble());
    EXPECT_EQ(*dispatcher().dispatch_trouble(), "Endpoint far gets nothing: the API key is refused");

    far_.set_endpoint_trouble(std::nullopt);
    far_.play_submits([](const auto&) { return ScriptedRemoteBackend::taken(); });
    round_and_send();
    EXPECT_FALSE(dispatcher().dispatch_trouble());
    EXPECT_EQ(row(first).state, RemoteState::submitted);
    EXPECT_EQ(row(second_job).state, RemoteState::submitted);
    EXPECT_EQ(attempt(first).number, 1);
}

// As where two refusals of the same moment reset each other: an endpoint must never be asked without a pause.
TEST_F(SubmitterTest, AnEndpointThatRefusesEverythingButSaysNothingOfATroubleIsNotAskedWithoutAPause) {
    (void)create();
    far_.play_submits([](const auto&) { return ScriptedRemoteBackend::refused(RefusalRule::pause); });
    for (int i = 0; i < 100; ++i) round_and_send();
    EXPECT_EQ(sent(), 1u);
    clock_.advance(second);
    for (int i = 0; i < 100; ++i) round_and_send();
    EXPECT_EQ(sent(), 2u);
}

TEST_F(SubmitterTest, AnOrderThatWouldBeRefusedAgainFailsItsAttempt) {
    const auto id = create();
    auto play = ScriptedRemoteBackend::refused(RefusalRule::give_up);
    play.refused->error = {ErrorCode::input_missing, "The input is not there any more."};
    far_.play_next_submit(play);
    round_and_send();
    EXPECT_EQ(job(id).status, Status::failed);
    EXPECT_EQ(job(id).error->code, ErrorCode::input_missing);
    EXPECT_EQ(attempt(id).completed_via, "submit");
    EXPECT_EQ(row(id).state, RemoteState::ended);
    EXPECT_EQ(row(id).ended_as, "refused");
    EXPECT_EQ(store().count_queue()->inflight, 0);
}

TEST_F(SubmitterTest, AnOrderThatIsGivenUpForNowIsTriedAgainAsOftenAsAJobIs) {
    const auto id = create();
    far_.play_submits([](const auto&) { return ScriptedRemoteBackend::refused(RefusalRule::give_up); });
    for (int i = 0; i < 50; ++i) {
        round_and_send();
        clock_.advance(600 * second);
    }
    EXPECT_EQ(job(id).status, Status::failed);
    EXPECT_EQ(job(id).error->code, ErrorCode::backend_unavailable);
    EXPECT_EQ(job(id).attempts.size(), 3u);
    EXPECT_EQ(sent(), 3u);
}

TEST_F(SubmitterTest, F_C08_TheIdOfAnotherAttemptsRemoteJobIsNotBelieved) {
    far_.play_next_submit(ScriptedRemoteBackend::taken_as("same-id"));
    far_.play_next_submit(ScriptedRemoteBackend::taken_as("same-id"));
    const auto first = create();
    const auto second_job = create();
    round_and_send();
    EXPECT_EQ(row(first).state, RemoteState::submitted);
    EXPECT_EQ(row(first).remote_id, "same-id");
    EXPECT_EQ(row(second_job).state, RemoteState::unclear);
    EXPECT_EQ(row(second_job).remote_id, "");
    EXPECT_EQ(row(second_job).look_at, clock_.now() + 30 * second);
    EXPECT_EQ(job(second_job).status, Status::dispatched);
}

TEST_F(SubmitterTest, F_D04_AWorkerThatClaimsBeforeTheAnswerIsHereHasItsName) {
    const auto id = create();
    far_.before_answer([this](const ports::RemoteOrder& order, const std::string& remote_id) {
        const auto claimed = store().claim_work(order.work.attempt, remote_id, "w1", clock_.now());
        EXPECT_EQ(*claimed, ports::ClaimAnswer::granted);
    });
    round_and_send();
    EXPECT_EQ(job(id).status, Status::running);
    const auto all = rows(attempt(id).id);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].state, RemoteState::submitted);
    EXPECT_TRUE(all[0].claimed);
    EXPECT_FALSE(all[0].unwanted);
}

TEST_F(SubmitterTest, F_D04_AWebhookThatNamesItBeforeTheAnswerIsLostMakesTheSubmitClear) {
    const auto id = create();
    far_.play_next_submit(ScriptedRemoteBackend::taken_but_reply_lost());
    far_.before_answer([this](const ports::RemoteOrder& order, const std::string& remote_id) {
        EXPECT_EQ(*store().adopt(order.work.attempt, remote_id, clock_.now()), ports::Adoption::adopted);
    });
    round_and_send();
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_EQ(row(id).remote_id, "far-1-u1");
}

TEST_F(SubmitterTest, ARemoteJobWhoseAttemptIsNotThereAnyMoreIsCancelled) {
    (void)create();
    far_.before_answer([this](const ports::RemoteOrder& order, const std::string&) {
        ASSERT_TRUE(store().give_back(order.work.attempt, std::nullopt, "by the test", clock_.now()).ok());
    });
    round_and_send();
    EXPECT_EQ(far_.job("far-1-u1").cancels, 1);
}

TEST_F(SubmitterTest, I_14_AJobThatIsCancelledWhileItWaitsIsNotSent) {
    const auto id = create();
    (void)round();
    ASSERT_TRUE(cancel(id));
    EXPECT_EQ(store().count_queue()->inflight, 1);
    while (submitter().send_next()) {
    }
    EXPECT_EQ(sent(), 0u);
    EXPECT_EQ(job(id).status, Status::cancelled);
    EXPECT_EQ(store().count_queue()->inflight, 0);
    EXPECT_FALSE(*store().next_remote_look());  // nothing is left to look after
}

// The follower has given up waiting for a cancelled job's name and freed its slot; only then its turn comes.
TEST_F(SubmitterTest, I_14_AJobWhoseSlotIsFreedWhileItWaitsLeavesNothingToLookAfter) {
    const auto id = create();
    (void)round();
    ASSERT_TRUE(cancel(id));
    (void)dispatcher().collector().cancelled_remote(id, attempt(id).id, "poll");
    EXPECT_FALSE(has_slot(id));
    EXPECT_TRUE(*store().next_remote_look());
    while (submitter().send_next()) {
    }
    EXPECT_EQ(sent(), 0u);
    EXPECT_EQ(row(id).ended_as, "not_sent");
    EXPECT_FALSE(*store().next_remote_look());
}

TEST_F(SubmitterTest, I_14_AJobThatIsCancelledWhileItIsSentIsLookedAfterAtOnce) {
    const auto id = create();
    far_.before_answer([&](const auto&, const auto&) { EXPECT_TRUE(cancel(id)); });
    round_and_send();
    EXPECT_EQ(job(id).status, Status::cancelled);
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_TRUE(row(id).unwanted);
    EXPECT_LE(row(id).look_at, clock_.now() + 2 * second);
    EXPECT_EQ(store().count_queue()->inflight, 1);  // until it is cancelled there
}

TEST_F(SubmitterTest, AJobThatIsCancelledWhileItIsRefusedIsGone) {
    for (const auto rule : {RefusalRule::again_later, RefusalRule::pause, RefusalRule::give_up}) {
        const auto id = create();
        far_.play_submits([&, rule](const auto&) {
            EXPECT_TRUE(cancel(id));
            return ScriptedRemoteBackend::refused(rule);
        });
        round_and_send();
        EXPECT_EQ(job(id).status, Status::cancelled);
        EXPECT_EQ(store().count_queue()->inflight, 0);
        EXPECT_FALSE(*store().next_remote_look());
        clock_.advance(600 * second);
    }
}

// A refusal after somebody named the remote job cannot be true: the one that has a name is followed.
TEST_F(SubmitterTest, ARefusalOfWhatAWorkerHasClaimedIsNotBelieved) {
    const auto id = create();
    far_.play_submits([this](const ports::RemoteOrder& order) {
        EXPECT_TRUE(store().claim_work(order.work.attempt, "far-x", "w1", clock_.now()).ok());
        return ScriptedRemoteBackend::refused(RefusalRule::again_later);
    });
    round_and_send();
    EXPECT_EQ(job(id).status, Status::running);
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_FALSE(row(id).unwanted);
}

TEST_F(SubmitterTest, WhatIsNotSentWhenItStopsIsGivenBackAndNothingIsTakenAfterwards) {
    const auto ids = create_many(2);
    (void)round();
    submitter().stop();
    for (const auto& id : ids) EXPECT_TRUE(never_was(id));
    (void)round();  // a claim that was under way
    for (const auto& id : ids) EXPECT_TRUE(never_was(id));
    EXPECT_EQ(sent(), 0u);
    crash_and_open();
    round_and_send();
    EXPECT_EQ(sent(), 2u);
}

}  // namespace
}  // namespace darkroom::testing
