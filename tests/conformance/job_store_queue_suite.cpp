// Claiming: order, limits, many at once; delayed retries; the listener.
#include <condition_variable>
#include <thread>
#include <unordered_set>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;

std::vector<std::string> ids(const std::vector<ports::Claimed>& claimed) {
    std::vector<std::string> out;
    out.reserve(claimed.size());
    for (const auto& one : claimed) out.push_back(one.job.id.str());
    return out;
}

TEST_P(JobStoreSuite, JobsAreTakenByPriorityThenByAge) {
    std::vector<std::string> created;
    for (const int priority : {0, 5, 0, -2'000'000'000, 2'000'000'000, 5}) {
        const auto request = samples_.job(ann, priority);
        ASSERT_TRUE(store().create_job(request).ok());
        created.push_back(request.job.id.str());
    }
    const std::vector<std::string> expected{created[4], created[1], created[5],
                                            created[0], created[2], created[3]};
    EXPECT_EQ(ids(*store().claim(claim_request(100))), expected);
}

TEST_P(JobStoreSuite, AClaimTakesOnlyWhatItsBackendCanDo) {
    const auto here = samples_.job(ann, 0, "local");
    const auto there = samples_.job(ann, 9, "serverless");
    ASSERT_TRUE(store().create_job(here).ok());
    ASSERT_TRUE(store().create_job(there).ok());
    EXPECT_EQ(ids(*store().claim(claim_request(100))), std::vector<std::string>{here.job.id.str()});
    EXPECT_TRUE(store().claim(claim_request(100))->empty());
}

TEST_P(JobStoreSuite, AClaimedJobIsWhatTheStoreHolds) {
    ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    const auto claimed = *store().claim(claim_request(1));
    ASSERT_EQ(claimed.size(), 1u);
    EXPECT_EQ(in_words(claimed[0].job), in_words(read(claimed[0].job.id)));
    EXPECT_EQ(claimed[0].job.status, Status::dispatched);
}

TEST_P(JobStoreSuite, NothingIsTakenWhenNothingMayBe) {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    EXPECT_TRUE(store().claim(claim_request(0))->empty());
    EXPECT_TRUE(store().claim(claim_request(-3))->empty());
    EXPECT_TRUE(store().claim(claim_request(5, 0))->empty());
    EXPECT_EQ(store().claim(claim_request(2, 100))->size(), 2u);
    EXPECT_EQ(store().claim(claim_request(4, 1))->size(), 1u);
    EXPECT_EQ(store().claim(claim_request(4, 100))->size(), 1u);
    EXPECT_TRUE(store().claim(claim_request(4, 100))->empty());
}

TEST_P(JobStoreSuite, EightDispatchersNeverExceedTheLimitAndNoJobIsTakenTwice) {
    constexpr int limit = 10;
    constexpr int jobs_count = 120;
    for (int i = 0; i < jobs_count; ++i) ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    std::mutex mutex;
    std::unordered_set<JobId> taken;
    int in_flight = 0;  // by the dispatchers' own count: up after a claim, down before a finish
    int most = 0;
    int twice = 0;
    const auto dispatch = [&](int number) {
        for (int round = 0; round < 1'000; ++round) {
            const auto claimed = *store().claim(claim_request(limit, 1 + number % 4));
            {
                const std::lock_guard lock(mutex);
                for (const auto& one : claimed) twice += taken.insert(one.job.id).second ? 0 : 1;
                in_flight += static_cast<int>(claimed.size());
                most = std::max(most, in_flight);
                if (taken.size() == jobs_count && claimed.empty()) return;
            }
            for (const auto& one : claimed) {
                const auto& attempt = one.job.attempts.back().id;
                {
                    const std::lock_guard lock(mutex);
                    --in_flight;
                }
                (void)*store().finish_attempt(attempt, samples_.success(one.job.id, attempt), "backend:x",
                                              at(2'000));
            }
        }
    };
    {
        std::vector<std::jthread> dispatchers;
        dispatchers.reserve(8);
        for (int i = 0; i < 8; ++i) dispatchers.emplace_back(dispatch, i);
    }
    EXPECT_EQ(taken.size(), std::size_t{jobs_count});
    EXPECT_EQ(twice, 0);
    EXPECT_LE(most, limit);
    EXPECT_EQ(store().count_queue()->inflight, 0);
}

TEST_P(JobStoreSuite, ARetryWaitsForItsDateAndComesBackInItsOldPlace) {
    const auto first = samples_.job(ann);
    ASSERT_TRUE(store().create_job(first).ok());
    const auto claimed = *store().claim(claim_request(10));
    ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    ASSERT_TRUE(store()
                    .finish_attempt(claimed[0].job.attempts[0].id,
                                    failure(core::ErrorCode::timeout, at(5'000)), "backend:x", at(2'000))
                    .ok());
    EXPECT_EQ(store().count_queue()->delayed, 1);
    reopen();
    const auto early = *store().promote_due(at(4'999), 100);
    EXPECT_EQ(early.promoted, 0);
    EXPECT_EQ(early.next_due, at(5'000));
    const auto due = *store().promote_due(at(5'000), 100);
    EXPECT_EQ(due.promoted, 1);
    EXPECT_FALSE(due.next_due.has_value());
    const auto again = *store().claim(claim_request(10));
    ASSERT_EQ(again.size(), 2u);
    EXPECT_EQ(again[0].job.id, first.job.id);
    EXPECT_EQ(again[0].job.attempts.size(), 2u);
}

TEST_P(JobStoreSuite, ARetryWhoseDateIsOverIsReadyAtOnce) {
    const auto brought = bring_to(ann, Status::running);
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, failure(core::ErrorCode::interrupted, at(2'000)),
                                    "backend:x", at(2'000))
                    .ok());
    EXPECT_EQ(store().count_queue()->ready, 1);
    EXPECT_EQ(store().count_queue()->delayed, 0);
}

TEST_P(JobStoreSuite, PromotionIsBoundedAndTellsWhatIsStillDue) {
    for (int i = 0; i < 5; ++i) {
        const auto brought = bring_to(ann, Status::running);
        ASSERT_TRUE(store()
                        .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout, at(5'000 + i)),
                                        "backend:x", at(2'000))
                        .ok());
    }
    const auto promotion = *store().promote_due(at(6'000), 2);
    EXPECT_EQ(promotion.promoted, 2);
    EXPECT_EQ(promotion.next_due, at(5'002));
    EXPECT_EQ(store().promote_due(at(6'000), 0)->promoted, 0);
    EXPECT_EQ(store().promote_due(at(6'000), -1)->promoted, 0);
    EXPECT_EQ(store().promote_due(at(6'000), 100)->promoted, 3);
}

TEST_P(JobStoreSuite, WhatIsInFlightIsListedForEachEndpoint) {
    const auto here = bring_to(ann, Status::running);
    EXPECT_EQ(store().list_inflight("this-machine")->size(), 1u);
    EXPECT_TRUE(store().list_inflight("elsewhere")->empty());
    EXPECT_EQ(store().list_inflight("this-machine")->at(0).job, here.job.id);
    EXPECT_FALSE(store().list_inflight("this-machine")->at(0).stopping);
}

/// Looks at the store the moment it is told of a job.
class Onlooker : public ports::StoreListener {
public:
    explicit Onlooker(ports::JobStore& store) : store_(store) {}
    void jobs_ready() override {
        const std::lock_guard lock(mutex_);
        ++ready_;
        told_.notify_all();
    }
    void job_changed(const JobId& job) override {
        const auto found = store_.find_job(Access::everyone(), job);
        const std::lock_guard lock(mutex_);
        changed_.push_back(job);
        if (!found.ok() || !found->has_value()) ++unreadable_;
    }
    int ready() {
        const std::lock_guard lock(mutex_);
        return ready_;
    }
    std::vector<JobId> changed() {
        const std::lock_guard lock(mutex_);
        return changed_;
    }
    int unreadable() {
        const std::lock_guard lock(mutex_);
        return unreadable_;
    }

private:
    ports::JobStore& store_;
    std::mutex mutex_;
    std::condition_variable told_;
    std::vector<JobId> changed_;
    int ready_ = 0;
    int unreadable_ = 0;
};

TEST_P(JobStoreSuite, TheListenerHearsOfAJobOnlyWhenItCanBeReadAndBeforeItsCallerReturns) {
    Onlooker onlooker(store());
    store().set_listener(&onlooker);
    std::vector<ports::NewJob> requests;
    requests.reserve(64);
    for (int i = 0; i < 64; ++i) requests.push_back(samples_.job(ann));
    std::atomic<int> unheard{0};
    {
        std::vector<std::jthread> callers;
        callers.reserve(requests.size());
        for (const auto& request : requests) {
            callers.emplace_back([&] {
                if (!store().create_job(request).ok()) return;
                const auto changed = onlooker.changed();
                if (std::find(changed.begin(), changed.end(), request.job.id) == changed.end()) ++unheard;
            });
        }
    }
    store().set_listener(nullptr);
    EXPECT_EQ(unheard, 0);
    EXPECT_EQ(onlooker.unreadable(), 0);
    EXPECT_EQ(onlooker.changed().size(), requests.size());
    EXPECT_GE(onlooker.ready(), 1);
    EXPECT_LE(onlooker.ready(), 64);
    ASSERT_TRUE(store().create_job(samples_.job(ann)).ok());
    EXPECT_EQ(onlooker.changed().size(), requests.size());
}

TEST_P(JobStoreSuite, TheListenerHearsOfEveryChangeOfAJobAndOfFreedSlots) {
    const auto brought = bring_to(ann, Status::dispatched);
    Onlooker onlooker(store());
    store().set_listener(&onlooker);
    ASSERT_TRUE(store().start_attempt(*brought.attempt, at(2'000)).ok());
    EXPECT_EQ(onlooker.changed().size(), 1u);
    EXPECT_EQ(onlooker.ready(), 0);
    ASSERT_TRUE(store().start_attempt(*brought.attempt, at(2'000)).ok());  // stale: nothing to tell
    EXPECT_EQ(onlooker.changed().size(), 1u);
    ASSERT_TRUE(store()
                    .finish_attempt(*brought.attempt, failure(core::ErrorCode::timeout, at(5'000)),
                                    "backend:x", at(2'000))
                    .ok());
    EXPECT_EQ(onlooker.changed().size(), 2u);
    EXPECT_EQ(onlooker.ready(), 1);
    ASSERT_TRUE(store().promote_due(at(4'000), 10).ok());
    EXPECT_EQ(onlooker.ready(), 1);
    ASSERT_TRUE(store().promote_due(at(5'000), 10).ok());
    EXPECT_EQ(onlooker.ready(), 2);
    ASSERT_TRUE(store().cancel_job(Access::of(ann), brought.job.id, "key:app", at(6'000)).ok());
    EXPECT_EQ(onlooker.changed().size(), 3u);
    ASSERT_TRUE(store().requeue_job(Access::of(ann), brought.job.id, "key:app", at(6'000)).ok());
    EXPECT_EQ((*store().find_job(Access::of(ann), brought.job.id))->attempts_forgiven, 1)
        << "what was tried before the owner's retry no longer counts";
    EXPECT_EQ(onlooker.changed().size(), 4u);
    EXPECT_EQ(onlooker.ready(), 3);
    store().set_listener(nullptr);
}

TEST_P(JobStoreSuite, APingSaysThatTheStoreReadsAndWrites) {
    EXPECT_TRUE(store().ping().ok());
    reopen();
    EXPECT_TRUE(store().ping().ok());
}

}  // namespace
}  // namespace darkroom::conformance
