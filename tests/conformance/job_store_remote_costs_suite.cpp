// What remote work cost: told in the attempt, summed by day, user, type and endpoint, counted once however
// often an end is told.
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::CostRow;
using ports::RemoteJobRef;

const TimePoint evening = *parse_rfc3339("2026-11-22T23:59:59.999Z");
const TimePoint midnight = *parse_rfc3339("2026-11-23T00:00:00.000Z");

ports::RemoteEnd paid(std::int64_t cost_micro_usd, int execution_ms) {
    auto end = remote_end("succeeded", cost_micro_usd);
    end.delay = Milliseconds(824);
    end.execution = Milliseconds(execution_ms);
    end.gpu = "RTX 4090";
    return end;
}

std::string in_words(const std::vector<CostRow>& rows) {
    std::string words;
    for (const auto& row : rows) {
        words += row.day + " " + row.user.str() + " " + row.type + " " + row.endpoint + " " +
                 std::to_string(row.remote_jobs) + " " + std::to_string(row.execution_ms) + " " +
                 std::to_string(row.cost_micro_usd) + "\n";
    }
    return words;
}

TEST_P(JobStoreSuite, AnEndIsToldInItsAttempt) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, samples_.success(brought.job.id, *brought.attempt),
                                    "follower", at(4'000))
                    .ok());
    ListenerCounts counts;
    store().set_listener(&counts);
    ASSERT_TRUE(remote().end_remote_job(ref, paid(1'250, 3'391), at(4'000)).ok());
    store().set_listener(nullptr);
    EXPECT_EQ(counts.changed, 1);
    reopen();
    const auto attempt = read(brought.job.id).attempts.at(0);
    EXPECT_EQ(attempt.cost_micro_usd, 1'250);
    EXPECT_EQ(attempt.gpu, "RTX 4090");
    EXPECT_EQ(attempt.delay, Milliseconds(824));
    EXPECT_EQ(attempt.execution, Milliseconds(3'391));
    const auto remote_job = remote().find_remote_jobs(*brought.attempt)->at(0);
    EXPECT_EQ(remote_job.ended_as, "succeeded");
    EXPECT_EQ(remote_job.delay, Milliseconds(824));
    EXPECT_EQ(remote_job.execution, Milliseconds(3'391));
    EXPECT_EQ(remote_job.cost_micro_usd, 1'250);
}

TEST_P(JobStoreSuite, AnAttemptCostsWhatAllItsRemoteJobsCostAndTakesItsTimesFromTheOneThatCounts) {
    const auto brought = bring_to(ann, Status::dispatched);
    ASSERT_TRUE(remote().note_unclear({*brought.attempt, 1}, at(3'000)).ok());
    const auto second = *remote().open_remote_job(*brought.attempt, remote_plan(), at(4'000));
    ASSERT_EQ(*remote().claim_work(*brought.attempt, "r-1", "w", at(5'000)), ports::ClaimAnswer::granted);
    ASSERT_TRUE(remote().note_submitted(*second, "r-2", at(5'000)).ok());
    auto duplicate = paid(30, 90);
    duplicate.ended_as = "duplicate";
    duplicate.gpu = "L4";
    ASSERT_TRUE(remote().end_remote_job(*second, duplicate, evening).ok());
    EXPECT_EQ(read(brought.job.id).attempts[0].execution, std::nullopt);
    EXPECT_EQ(read(brought.job.id).attempts[0].gpu, "L4") << "that was paid for until now";
    ASSERT_TRUE(remote().end_remote_job({*brought.attempt, 1}, paid(1'000, 3'000), evening).ok());
    const auto attempt = read(brought.job.id).attempts[0];
    EXPECT_EQ(attempt.cost_micro_usd, 1'030);
    EXPECT_EQ(attempt.execution, Milliseconds(3'000));
    EXPECT_EQ(attempt.gpu, "RTX 4090");
    EXPECT_EQ(in_words(*remote().list_costs("2026-11-22", "2026-11-22")),
              "2026-11-22 ann " + brought.job.type + " this-machine 2 3090 1030\n");
}

TEST_P(JobStoreSuite, AnEndThatIsToldTwiceIsPaidOnce) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, paid(1'000, 3'000), evening).ok());
    const auto once = everything_in_words(remote()) + everything_in_words(store());
    ASSERT_TRUE(remote().end_remote_job(ref, paid(1'000, 3'000), midnight).ok());
    EXPECT_EQ(everything_in_words(remote()) + everything_in_words(store()), once);
}

TEST_P(JobStoreSuite, OfALaterEndTheDifferenceCountsInItsFirstDay) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    auto failed = paid(400, 1'000);
    failed.ended_as = "failed";
    ASSERT_TRUE(remote().end_remote_job(ref, failed, evening).ok());
    ASSERT_TRUE(*remote().hurry(*brought.attempt, "r-1", true, midnight));
    ASSERT_TRUE(remote().end_remote_job(ref, paid(1'000, 2'500), midnight).ok());
    EXPECT_EQ(*remote().spent_today(evening), 1'000);
    EXPECT_EQ(*remote().spent_today(midnight), 0);
    EXPECT_EQ(in_words(*remote().list_costs("2026-11-22", "2026-11-23")),
              "2026-11-22 ann " + brought.job.type + " this-machine 1 2500 1000\n");
    EXPECT_EQ(read(brought.job.id).attempts[0].cost_micro_usd, 1'000);
}

TEST_P(JobStoreSuite, WhatALaterEndDoesNotTellStaysAndSuccessIsNotTakenBack) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, paid(1'000, 3'000), evening).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, remote_end("gone"), midnight).ok());
    const auto remote_job = remote().find_remote_jobs(*brought.attempt)->at(0);
    EXPECT_EQ(remote_job.ended_as, "succeeded");
    EXPECT_EQ(remote_job.cost_micro_usd, 1'000);
    EXPECT_EQ(remote_job.execution, Milliseconds(3'000));
    EXPECT_EQ(*remote().spent_today(evening), 1'000);
    EXPECT_EQ(read(brought.job.id).attempts[0].cost_micro_usd, 1'000);
}

TEST_P(JobStoreSuite, NobodyIsPaidByANegativeCost) {
    const auto brought = bring_to(ann, Status::running);
    const RemoteJobRef ref{*brought.attempt, 1};
    ASSERT_TRUE(remote().note_submitted(ref, "r-1", at(3'000)).ok());
    ASSERT_TRUE(remote().end_remote_job(ref, paid(-1'000, 3'000), evening).ok());
    EXPECT_EQ(*remote().spent_today(evening), 0);
    EXPECT_EQ(read(brought.job.id).attempts[0].cost_micro_usd, 0);
}

TEST_P(JobStoreSuite, CostsAreSummedByDayUserTypeAndEndpoint) {
    int count = 0;
    const auto pay = [&](const UserId& owner, TimePoint when, std::int64_t cost) {
        const auto brought = bring_to(owner, Status::dispatched);
        const RemoteJobRef ref{*brought.attempt, 1};
        EXPECT_TRUE(remote().note_submitted(ref, "r-" + std::to_string(++count), at(3'000)).ok());
        EXPECT_TRUE(remote().end_remote_job(ref, paid(cost, 10), when).ok());
    };
    // Samples take turns: upscale_2k, bg_remove, upscale_2k …
    pay(ann, evening, 1);
    pay(ann, evening, 2);
    pay(ann, evening, 4);
    pay(user("bob"), midnight, 8);
    pay(user("bob"), midnight, 3'000'000'000);
    pay(user("bob"), midnight + Milliseconds(86'400'000), 16);
    EXPECT_EQ(*remote().spent_today(evening), 7);
    EXPECT_EQ(*remote().spent_today(evening - Milliseconds(86'399'999)), 7);
    EXPECT_EQ(*remote().spent_today(evening - Milliseconds(86'400'000)), 0);
    EXPECT_EQ(*remote().spent_today(midnight), 3'000'000'008);
    EXPECT_EQ(in_words(*remote().list_costs("2026-11-22", "2026-11-23")),
              "2026-11-22 ann bg_remove this-machine 1 10 2\n"
              "2026-11-22 ann upscale_2k this-machine 2 20 5\n"
              "2026-11-23 bob bg_remove this-machine 1 10 8\n"
              "2026-11-23 bob upscale_2k this-machine 1 10 3000000000\n");
    EXPECT_EQ(remote().list_costs("2026-11-24", "2026-11-24")->size(), 1u);
    EXPECT_TRUE(remote().list_costs("2026-11-23", "2026-11-22")->empty());
    EXPECT_TRUE(remote().list_costs("", "' OR 1=1 --")->empty());
}

}  // namespace
}  // namespace darkroom::conformance
