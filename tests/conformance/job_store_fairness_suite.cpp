// Fairness between users: who comes later does not wait for who came first, weights and limits count, nobody
// starves. DARKROOM_LONG_TESTS=1 makes the queues as long as they get.
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "ports/meters.h"
#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using ports::Access;

/// Claims one job at a time, so that the order shows.
class Worker {
public:
    explicit Worker(ports::JobStore& store, int slots) : store_(store), slots_(slots) {}

    /// The next job; with all slots taken, the one that was claimed first ends before.
    std::optional<core::Job> next() {
        if (std::ssize(at_work_) == slots_) finish_first();
        auto claimed = *store_.claim(claim_request(slots_, 1, tick()));
        if (claimed.empty()) return std::nullopt;
        at_work_.push_back(claimed[0].job);
        return claimed[0].job;
    }
    void finish_first(const ports::AttemptEnd& end = ports::AttemptSucceeded()) {
        const auto job = at_work_.front();
        at_work_.erase(at_work_.begin());
        EXPECT_EQ(*store_.finish_attempt(job.attempts.back().id, end, "backend:x", tick()),
                  ports::Applied::applied);
    }
    std::size_t at_work() const { return at_work_.size(); }
    TimePoint tick() { return at(now_ += 10); }

private:
    ports::JobStore& store_;
    const int slots_;
    std::vector<core::Job> at_work_;
    std::int64_t now_ = 2'000;
};

std::vector<JobId> queue_up(ports::JobStore& store, Samples& samples, const UserId& owner, int count,
                            int priority = 0) {
    std::vector<JobId> ids;
    for (int i = 0; i < count; ++i) {
        const auto request = samples.job(owner, priority);
        EXPECT_TRUE(store.create_job(request).ok());
        ids.push_back(request.job.id);
    }
    return ids;
}

void queue_up_many(ports::JobStore& store, Samples& samples, const UserId& owner, int count) {
    std::vector<ports::NewJob> requests;
    requests.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) requests.push_back(samples.job(owner));
    constexpr int callers = 64;
    std::vector<std::jthread> threads;
    threads.reserve(callers);
    for (int caller = 0; caller < callers; ++caller) {
        threads.emplace_back([&, caller] {
            for (auto i = static_cast<std::size_t>(caller); i < requests.size(); i += callers)
                EXPECT_TRUE(store.create_job(requests[i]).ok());
        });
    }
}

ports::UserStanding standing_of(ports::JobStore& store, const UserId& who) {
    const auto users = *store.list_users("", 1'000);
    for (const auto& one : users) {
        if (one.share.user == who) return one;
    }
    return {{who, 1, {}}, 0, 0};
}

// Issue 6: B's first job starts within active users + in-flight dispatches.
TEST_P(JobStoreSuite, WhoComesAfterThousandsOfJobsOfAnotherIsNext) {
    constexpr int slots = 4;
    const int count = std::getenv("DARKROOM_LONG_TESTS") != nullptr ? 60'000 : 5'000;
    queue_up_many(store(), samples_, ann, count);
    EXPECT_EQ(store().count_queue()->ready, count);
    Worker worker(store(), slots);
    for (int i = 0; i < slots; ++i) ASSERT_EQ(worker.next()->user, ann);
    ASSERT_TRUE(store().create_job(samples_.job(bob)).ok());
    int before_bob = 0;
    while (worker.next()->user == ann) ASSERT_LT(++before_bob, 2 + slots);
    const auto anns = standing_of(store(), ann);
    EXPECT_EQ(anns.waiting + anns.at_work, count - before_bob - 1);
}

TEST_P(JobStoreSuite, AUserOfTwiceTheWeightGetsTwiceAsMuch) {
    const auto cid = user("cid");
    ASSERT_TRUE(store().put_share({cid, 2, {}}).ok());
    for (const auto& owner : {ann, bob, cid}) queue_up_many(store(), samples_, owner, 90);
    Worker worker(store(), 3);
    std::map<std::string, int> done;
    for (int i = 0; i < 120; ++i) ++done[worker.next()->user.str()];
    EXPECT_NEAR(done["ann"], 30, 1);
    EXPECT_NEAR(done["bob"], 30, 1);
    EXPECT_NEAR(done["cid"], 60, 1);
}

TEST_P(JobStoreSuite, AChangedWeightCountsForWhatComesIntoLineFromThenOn) {
    for (const auto& owner : {ann, bob}) queue_up_many(store(), samples_, owner, 300);
    ASSERT_TRUE(store().put_share({ann, 3, {}}).ok());
    Worker worker(store(), 1);
    for (int i = 0; i < 2 * 64; ++i) ASSERT_TRUE(worker.next());
    std::map<std::string, int> done;
    for (int i = 0; i < 100; ++i) ++done[worker.next()->user.str()];
    EXPECT_NEAR(done["ann"], 75, 4);
}

TEST_P(JobStoreSuite, AUserHasNoMoreAtWorkThanHeMayAndHoldsNobodyUp) {
    ASSERT_TRUE(store().put_share({ann, 1, 2}).ok());
    queue_up(store(), samples_, ann, 10);
    const auto bobs = queue_up(store(), samples_, bob, 1);
    Worker worker(store(), 10);
    EXPECT_EQ(worker.next()->user, ann);
    EXPECT_EQ(worker.next()->user, bob);
    EXPECT_EQ(worker.next()->user, ann);
    EXPECT_FALSE(worker.next()) << "ann has two at work";
    EXPECT_EQ(store().count_queue()->ready, 8);
    EXPECT_EQ(standing_of(store(), ann).at_work, 2);
    EXPECT_EQ(standing_of(store(), ann).waiting, 8);
    worker.finish_first();
    EXPECT_EQ(worker.next()->user, ann);
    EXPECT_FALSE(worker.next());
    ASSERT_TRUE(store().put_share({ann, 1, 4}).ok());
    worker.finish_first();  // bob's: ann's next change is what counts
    EXPECT_FALSE(worker.next());
    worker.finish_first();
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(worker.next()) << i;
    EXPECT_FALSE(worker.next());
}

TEST_P(JobStoreSuite, ALimitThatIsLoweredTakesNothingAwayFromWhatIsAtWork) {
    queue_up(store(), samples_, ann, 10);
    Worker worker(store(), 10);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(worker.next());
    ASSERT_TRUE(store().put_share({ann, 1, 1}).ok());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(worker.next()) << "it stood in line already";
    queue_up(store(), samples_, ann, 2);
    for (int i = 0; i < 9; ++i) {
        worker.finish_first();
        EXPECT_FALSE(worker.next());
    }
    worker.finish_first();
    EXPECT_TRUE(worker.next());
    EXPECT_FALSE(worker.next());
}

TEST_P(JobStoreSuite, APriorityGoesBeforeAllOfItsOwnUserAndOfNobodyElse) {
    const auto anns = queue_up(store(), samples_, ann, 70);
    queue_up(store(), samples_, bob, 70);
    const auto urgent = queue_up(store(), samples_, ann, 2, 9);
    Worker worker(store(), 1);
    // At the same time in line, who came first goes first.
    for (const auto& id : urgent) {
        EXPECT_EQ(worker.next()->user, bob);
        EXPECT_EQ(worker.next()->id, id);
    }
    std::vector<JobId> order;
    while (const auto job = worker.next()) {
        if (job->user == ann) order.push_back(job->id);
    }
    EXPECT_EQ(order, anns);
}

TEST_P(JobStoreSuite, AJobMayBeCancelledWhereverItWaits) {
    auto anns = queue_up(store(), samples_, ann, 80);
    for (const std::size_t place : {79u, 70u, 63u, 30u, 0u}) {
        ASSERT_TRUE(std::holds_alternative<ports::JobCancelled>(
            *store().cancel_job(Access::of(ann), anns[place], "key:app", at(2'000))));
        anns.erase(anns.begin() + static_cast<std::ptrdiff_t>(place));
    }
    EXPECT_EQ(store().count_queue()->ready, 75);
    Worker worker(store(), 1);
    for (const auto& id : anns) EXPECT_EQ(worker.next()->id, id);
    EXPECT_FALSE(worker.next());
}

TEST_P(JobStoreSuite, WhoCancelsEverythingIsNotPutBehindOthers) {
    const auto given_up = queue_up(store(), samples_, ann, 100);
    queue_up(store(), samples_, bob, 10);
    for (const auto& id : given_up)
        ASSERT_TRUE(store().cancel_job(Access::of(ann), id, "key:app", at(2'000)).ok());
    queue_up(store(), samples_, ann, 1);
    Worker worker(store(), 1);
    EXPECT_EQ(worker.next()->user, bob);
    EXPECT_EQ(worker.next()->user, ann);
}

TEST_P(JobStoreSuite, ARetryIsItsUsersNextJobAndTakesNobodyElsesTurn) {
    const auto anns = queue_up(store(), samples_, ann, 3);
    const auto bobs = queue_up(store(), samples_, bob, 3);
    Worker worker(store(), 1);
    ASSERT_EQ(worker.next()->id, anns[0]);
    worker.finish_first(failure(core::ErrorCode::timeout, at(2'000)));
    for (const auto& id : {bobs[0], anns[0], bobs[1], anns[1], bobs[2], anns[2]})
        EXPECT_EQ(worker.next()->id, id);
}

TEST_P(JobStoreSuite, OfManyUsersEachGetsAJobBeforeAnyGetsASecond) {
    constexpr int users = 60;
    for (int i = 0; i < users; ++i) queue_up(store(), samples_, user("u" + std::to_string(i)), 1 + i % 4);
    Worker worker(store(), 5);
    std::set<std::string> served;
    for (int i = 0; i < users; ++i) served.insert(worker.next()->user.str());
    EXPECT_EQ(served.size(), std::size_t{users});
}

TEST_P(JobStoreSuite, BackendsHaveLinesOfTheirOwn) {
    ASSERT_TRUE(store().put_share({ann, 1, 1}).ok());
    const auto here = samples_.job(ann, 0, "local");
    const auto there = samples_.job(ann, 0, "serverless");
    ASSERT_TRUE(store().create_job(here).ok());
    ASSERT_TRUE(store().create_job(there).ok());
    auto claim = claim_request(10);
    EXPECT_EQ(store().claim(claim)->size(), 1u);
    claim.backend = "serverless";
    claim.endpoint = "elsewhere";
    EXPECT_EQ(store().claim(claim)->size(), 1u);
}

TEST_P(JobStoreSuite, UsersAreListedByNamePageByPage) {
    EXPECT_TRUE(store().list_users("", 10)->empty());
    ASSERT_TRUE(store().put_share({user("zoe"), 5, 3}).ok());
    queue_up(store(), samples_, ann, 2);
    queue_up(store(), samples_, bob, 1);
    ASSERT_EQ(store().claim(claim_request(1))->size(), 1u);
    const auto first = *store().list_users("", 2);
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(first[0].share.user, ann);
    EXPECT_EQ(first[0].waiting, 1);
    EXPECT_EQ(first[0].at_work, 1);
    EXPECT_EQ(first[1].share.user, bob);
    const auto second = *store().list_users("bob", 2);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(second[0].share.weight, 5);
    EXPECT_EQ(second[0].share.inflight_max, 3);
    EXPECT_TRUE(store().list_users("", 0)->empty());
    EXPECT_TRUE(store().list_users("", -1)->empty());
}

TEST_P(JobStoreSuite, GaugesTellTheQueueTheEndsAndTheStorage) {
    queue_up(store(), samples_, ann, 70);
    const auto done = bring_to(bob, core::Status::succeeded);
    (void)bring_to(bob, core::Status::failed);
    std::int64_t bytes = 0;
    for (const auto& output : done.job.outputs) bytes += static_cast<std::int64_t>(output.bytes);
    ASSERT_EQ(store().claim(claim_request(3))->size(), 3u);
    const auto gauges = *store().read_gauges(at(9'000), 1);
    const auto queue = std::find_if(gauges.queues.begin(), gauges.queues.end(),
                                    [](const auto& one) { return one.backend == "local"; });
    ASSERT_NE(queue, gauges.queues.end());
    EXPECT_EQ(queue->ready, 61);
    EXPECT_EQ(queue->backlog, 6);
    EXPECT_EQ(queue->delayed, 0);
    EXPECT_GT(queue->oldest_ready, Milliseconds(0));
    ASSERT_EQ(gauges.inflight.size(), 1u);
    EXPECT_EQ(gauges.inflight[0].attempts, 3);
    ASSERT_EQ(gauges.ended.size(), 2u);
    EXPECT_EQ(gauges.ended[0].code, "no_subject");
    EXPECT_EQ(gauges.ended[1].jobs, 1);
    EXPECT_GT(bytes, 0);
    ASSERT_EQ(gauges.users.size(), 1u);
    EXPECT_EQ(gauges.users[0].user, "bob");
    EXPECT_EQ(gauges.users[0].bytes, bytes);
    EXPECT_EQ(gauges.other_users_bytes, 0);
    EXPECT_EQ(store().read_gauges(at(9'000), 0)->other_users_bytes, bytes);
    EXPECT_GE(gauges.nodes, 1);
}

TEST_P(JobStoreSuite, CountingAgainFindsNothingWrongAndForgetsNobodyWhoWaits) {
    queue_up(store(), samples_, ann, 70);
    queue_up(store(), samples_, bob, 1);
    EXPECT_EQ(*store().recount_flow(), 0);
    Worker worker(store(), 1);
    for (int i = 0; i < 71; ++i) ASSERT_TRUE(worker.next());
    worker.finish_first();
    EXPECT_EQ(*store().recount_flow(), 0);
    queue_up(store(), samples_, ann, 1);
    EXPECT_TRUE(worker.next());
    EXPECT_EQ(*store().recount_flow(), 0);
}

}  // namespace
}  // namespace darkroom::conformance
