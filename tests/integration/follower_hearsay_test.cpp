// Names of remote jobs that nobody but a webhook tells: whoever knows an attempt's token can tell any.
#include "tests/integration/follow_fixture.h"

namespace darkroom::testing {
namespace {

using core::Status;
using ports::RemotePhase;
using ports::RemoteState;
using Outcomes = std::map<std::string, int>;

class HearsayTest : public FollowTest {
protected:
    // Somebody else's at the same endpoint: nobody here knows of it.
    std::string foreign_remote_job() {
        ports::RemoteOrder order;
        order.work.job = random_.id<JobId>();
        order.work.attempt = random_.id<AttemptId>();
        auto name = std::get<ports::SubmitTaken>(far_.submit(order)).remote_id;
        far_.set_phase(name, RemotePhase::running);
        return name;
    }
};

// Whoever knows a token could else have anything at the endpoint cancelled.
TEST_F(HearsayTest, WhatOnlyAWebhookNamesIsLookedAtAndNeverCancelled) {
    const auto id = sent();
    const auto foreign = foreign_remote_job();
    hint(attempt_of(id), foreign);
    rounds_for(Milliseconds(120'000));
    EXPECT_GT(far_.job(foreign).looks, 0);
    EXPECT_EQ(status(id), Status::dispatched);
    cancel(id);
    rounds_for(Milliseconds(120'000));
    EXPECT_EQ(far_.job(foreign).cancels, 0);
    EXPECT_EQ(far_.job(remote_id(id)).cancels, 1);
    EXPECT_EQ(inflight(), 0) << "nor does it keep the slot";
    clock_.advance(Milliseconds(172'800'000));
    round();
    EXPECT_EQ(far_.job(foreign).cancels, 0);
    for (const auto& row : rows(attempt_of(id))) EXPECT_EQ(row.state, RemoteState::ended);
}

TEST_F(HearsayTest, AWebhookThatNamesALostSubmitWronglyLetsNothingBeCancelled) {
    for (const bool cancelled : {true, false}) {
        const auto foreign = foreign_remote_job();
        far_.play_next_submit(ScriptedRemoteBackend::lost_on_the_way());
        const auto id = sent();
        hint(attempt_of(id), foreign);
        round();
        ASSERT_EQ(remote_id(id), foreign);
        if (cancelled) cancel(id);
        rounds_for(Milliseconds(120'000));
        if (!cancelled) clock_.advance(Milliseconds(172'800'000));
        round();
        EXPECT_EQ(inflight(), 0);
        EXPECT_EQ(far_.job(foreign).cancels, 0);
    }
}

TEST_F(HearsayTest, WhatAWorkerClaimsAfterAWebhookHasNamedItIsCancelledIfItIsOneTooMany) {
    const auto id = sent();
    const auto second = foreign_remote_job();
    hint(attempt_of(id), second);
    round();
    EXPECT_EQ(*store_->claim_work(attempt_of(id), second, "w", clock_.now()), ports::ClaimAnswer::unwanted);
    rounds_for(Milliseconds(60'000));
    EXPECT_EQ(far_.job(second).cancels, 1);
    EXPECT_EQ(status(id), Status::dispatched);
}

}  // namespace
}  // namespace darkroom::testing
