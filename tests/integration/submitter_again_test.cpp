// Submits that are repeated because nobody answered for the first: when, how often, and what becomes of them.
#include <gtest/gtest.h>

#include "tests/integration/way_out_fixture.h"

namespace darkroom::testing {
namespace {

using core::Status;
using dispatch::Resubmit;
using ports::RefusalRule;
using ports::RemoteState;

class SubmitAgainTest : public WayOutTest {
protected:
    SubmitAgainTest() : far_(add_site(2)) { open(); }

    JobId lost_submit() {
        const auto id = create();
        far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
        round_and_send();
        clock_.advance(30 * second);
        return id;
    }
    Resubmit again(const JobId& id) { return submitter().submit_again(job(id), row(id)); }
    void send() {
        while (submitter().send_next()) {
        }
    }
    std::size_t sent() const { return far_.orders().size(); }
    ports::RemoteJob first_row(const JobId& id) { return rows(attempt(id).id).front(); }

    ScriptedRemoteBackend& far_;
};

TEST_F(SubmitAgainTest, F_C04_ASubmitThatNeverArrivedIsRepeatedWithTheSameProof) {
    const auto id = lost_submit();
    EXPECT_EQ(again(id), Resubmit::accepted);
    const auto all = rows(attempt(id).id);
    ASSERT_EQ(all.size(), 2u);  // written before it is sent
    EXPECT_EQ(all[1].state, RemoteState::intended);
    EXPECT_EQ(all[1].target, "scripted|far");
    EXPECT_EQ(all[1].deadline, all[0].deadline);
    send();
    ASSERT_EQ(sent(), 2u);
    EXPECT_EQ(far_.orders()[0].token, far_.orders()[1].token);
    EXPECT_EQ(far_.orders()[0].work.attempt, far_.orders()[1].work.attempt);
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_EQ(row(id).ref.submission, 2);
    EXPECT_EQ(attempt(id).remote_id, "far-1-u1");
    EXPECT_EQ(first_row(id).state, RemoteState::unclear);  // a late webhook may still name it
    EXPECT_EQ(job(id).attempts.size(), 1u);
}

TEST_F(SubmitAgainTest, OneThatIsOnItsWayIsNotOvertakenByAnother) {
    const auto id = lost_submit();
    const auto unclear = row(id);
    EXPECT_EQ(submitter().submit_again(job(id), unclear), Resubmit::accepted);
    EXPECT_EQ(submitter().submit_again(job(id), unclear), Resubmit::accepted);
    EXPECT_EQ(rows(attempt(id).id).size(), 2u);
    send();
    // Sent and known by its name: what comes of that one decides.
    EXPECT_EQ(submitter().submit_again(job(id), unclear), Resubmit::accepted);
    EXPECT_EQ(rows(attempt(id).id).size(), 2u);
    EXPECT_EQ(sent(), 2u);
}

TEST_F(SubmitAgainTest, AClaimedJobThatStillWaitsForAThreadIsNotTakenForLost) {
    const auto id = create();
    (void)round();
    clock_.advance(600 * second);  // its look is due, but this process has it in hand
    EXPECT_EQ(again(id), Resubmit::accepted);
    EXPECT_EQ(rows(attempt(id).id).size(), 1u);
    send();
    EXPECT_EQ(sent(), 1u);
}

TEST_F(SubmitAgainTest, AfterThreeThatMayHaveArrivedThereIsNoFourth) {
    const auto id = lost_submit();
    for (int submission = 2; submission <= 3; ++submission) {
        far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
        EXPECT_EQ(again(id), Resubmit::accepted);
        send();
        clock_.advance(30 * second);
    }
    EXPECT_EQ(again(id), Resubmit::exhausted);
    EXPECT_EQ(sent(), 3u);
}

TEST_F(SubmitAgainTest, ARefusedRepeatDoesNotCountAndTheOlderOneIsLookedAtAgain) {
    const auto id = lost_submit();
    for (int i = 0; i < 5; ++i) {
        far_.play_next_submit(ScriptedRemoteBackend::refused(RefusalRule::again_later, 3 * second));
        EXPECT_EQ(submitter().submit_again(job(id), first_row(id)), Resubmit::accepted);
        send();
        EXPECT_EQ(row(id).ended_as, "refused");
        EXPECT_EQ(job(id).status, Status::dispatched);
        EXPECT_EQ(first_row(id).state, RemoteState::unclear);
        EXPECT_GE(first_row(id).look_at, clock_.now() + 3 * second);
        EXPECT_LE(first_row(id).look_at, clock_.now() + 64 * second);
        EXPECT_EQ(submitter().submit_again(job(id), first_row(id)), Resubmit::not_now);
        clock_.advance(3 * second);
    }
    EXPECT_EQ(submitter().submit_again(job(id), first_row(id)), Resubmit::accepted);
    send();
    EXPECT_EQ(row(id).state, RemoteState::submitted);
}

TEST_F(SubmitAgainTest, ARepeatThatIsGivenUpFailsTheAttempt) {
    const auto id = lost_submit();
    auto play = ScriptedRemoteBackend::refused(RefusalRule::give_up);
    play.refused->error = {core::ErrorCode::input_missing, "The input is not there any more."};
    far_.play_next_submit(play);
    EXPECT_EQ(again(id), Resubmit::accepted);
    send();
    EXPECT_EQ(job(id).status, Status::failed);
    EXPECT_EQ(row(id).ended_as, "refused");
    EXPECT_TRUE(first_row(id).unwanted);
    EXPECT_EQ(first_row(id).state, RemoteState::unclear);
}

TEST_F(SubmitAgainTest, ARepeatIsNotSentOnceTheFirstIsHeardOf) {
    const auto id = lost_submit();
    EXPECT_EQ(again(id), Resubmit::accepted);
    ASSERT_EQ(*store().adopt(attempt(id).id, "far-late", clock_.now()), ports::Adoption::adopted);
    send();
    EXPECT_EQ(sent(), 1u);
    EXPECT_EQ(first_row(id).remote_id, "far-late");
    EXPECT_EQ(row(id).ended_as, "not_sent");
    EXPECT_EQ(job(id).status, Status::dispatched);
}

TEST_F(SubmitAgainTest, NothingIsRepeatedForAJobThatIsOver) {
    const auto id = lost_submit();
    ASSERT_TRUE(cancel(id));
    EXPECT_EQ(again(id), Resubmit::over);
    EXPECT_EQ(rows(attempt(id).id).size(), 1u);
}

TEST_F(SubmitAgainTest, ARepeatWhoseJobIsCancelledWhileItWaitsIsNotSent) {
    const auto id = lost_submit();
    EXPECT_EQ(again(id), Resubmit::accepted);
    ASSERT_TRUE(cancel(id));
    send();
    EXPECT_EQ(sent(), 1u);
    EXPECT_EQ(row(id).ended_as, "not_sent");
    // The first may be there: its slot is freed when it is known what became of it.
    EXPECT_EQ(store().count_queue()->inflight, 1);
}

TEST_F(SubmitAgainTest, WhileTheEndpointIsInTroubleNothingIsRepeated) {
    const auto id = lost_submit();
    far_.set_endpoint_trouble("not reached");
    EXPECT_EQ(again(id), Resubmit::not_now);
    EXPECT_EQ(rows(attempt(id).id).size(), 1u);
    far_.set_endpoint_trouble(std::nullopt);
    EXPECT_EQ(again(id), Resubmit::accepted);
}

TEST_F(SubmitAgainTest, AnEndpointThatIsNotConfiguredAnyMoreGetsNoRepeats) {
    const auto id = lost_submit();
    kept_sites_ = std::move(sites_);
    sites_.clear();
    crash_and_open();
    EXPECT_EQ(again(id), Resubmit::exhausted);
    auto elsewhere = row(id);
    elsewhere.target = "scripted|nobody knows";
    EXPECT_EQ(submitter().submit_again(job(id), elsewhere), Resubmit::exhausted);
    EXPECT_EQ(sent(), 1u);
}

TEST_F(SubmitAgainTest, ARepeatThatIsNotSentWhenItStopsLeavesTheFirstToBeLookedFor) {
    const auto id = lost_submit();
    EXPECT_EQ(again(id), Resubmit::accepted);
    submitter().stop();
    EXPECT_EQ(sent(), 1u);
    EXPECT_EQ(row(id).ended_as, "not_sent");
    EXPECT_EQ(first_row(id).state, RemoteState::unclear);
    EXPECT_EQ(job(id).status, Status::dispatched);
    EXPECT_EQ(again(id), Resubmit::not_now);
    crash_and_open();
    EXPECT_EQ(submitter().submit_again(job(id), first_row(id)), Resubmit::accepted);
    send();
    EXPECT_EQ(row(id).state, RemoteState::submitted);
    EXPECT_EQ(row(id).ref.submission, 3);
}

TEST_F(SubmitAgainTest, AStoreThatDoesNotAnswerPutsARepeatOff) {
    const auto id = lost_submit();
    const auto before = job(id);
    const auto unclear = row(id);
    for (const auto* call : {"find_remote_jobs", "open_remote_job"}) {
        faults_.before([call](std::string_view name) -> std::optional<ports::StoreError> {
            if (name == call) return ports::StoreError{ports::StoreErrorKind::unavailable, "by the test"};
            return std::nullopt;
        });
        EXPECT_EQ(submitter().submit_again(before, unclear), Resubmit::not_now);
    }
    faults_.none();
    EXPECT_EQ(again(id), Resubmit::accepted);  // and none of them is in hand for ever
    send();
    EXPECT_EQ(row(id).ref.submission, 2);
}

}  // namespace
}  // namespace darkroom::testing
