#include "runpod/endpoint/job_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace darkroom::runpod::endpoint {
namespace {

using What = Expiry::What;

constexpr Instant start{std::chrono::hours(1)};

Instant at(std::int64_t ms) { return start + Milliseconds(ms); }

Job job(const std::string& id, std::int64_t submitted_ms = 0, bool low = false) {
    Job made;
    made.id = id;
    made.request.input_json = R"({"n":1})";
    made.request.policy.low_priority = low;
    made.execution_timeout = Milliseconds(600'000);
    made.ttl = Milliseconds(86'400'000);
    made.submitted = made.queued = at(submitted_ms);
    return made;
}

class JobTables : public ::testing::Test {
protected:
    std::string take_one(const std::string& worker, std::int64_t ms) {
        const auto taken = table_.take(worker, 1, at(ms));
        return taken.empty() ? "" : taken.front()->id;
    }
    std::vector<Expiry> expire(std::int64_t ms) {
        return table_.expire(at(ms), [this](const std::string& worker) { return lost_.contains(worker); });
    }

    JobTable table_{JobRules{}};
    std::set<std::string> lost_;
};

TEST_F(JobTables, NormalJobsGoFirstAndInOrder) {
    table_.add(job("low", 0, true));
    table_.add(job("a", 1));
    table_.add(job("b", 2));
    EXPECT_EQ(table_.wanting_workers(), 2u);
    EXPECT_EQ(table_.longest_wait(at(501)), Milliseconds(500));
    EXPECT_EQ(take_one("w", 10), "a");
    EXPECT_EQ(take_one("w", 10), "b");
    EXPECT_EQ(take_one("w", 10), "low");
    EXPECT_EQ(take_one("w", 10), "");
    EXPECT_EQ(table_.running(), 3u);
    EXPECT_EQ(table_.queued(), 0u);
}

TEST_F(JobTables, AnEndShowsDelayAndExecution) {
    table_.add(job("a"));
    table_.take("w", 1, at(700));
    auto* a = table_.find("a");
    a->output_json = R"({"ok":true})";
    table_.end(*a, JobState::completed, at(1'900));
    const auto view = view_of(*a, at(2'000));
    EXPECT_EQ(view.delay, Milliseconds(700));
    EXPECT_EQ(view.execution, Milliseconds(1'200));
    EXPECT_EQ(view.worker_id, "w");
    EXPECT_EQ(view.output_json, R"({"ok":true})");
    EXPECT_EQ(table_.totals().completed, 1);
}

// Some clients' models require these of every final object, even of a job that no worker has seen.
TEST_F(JobTables, FinalObjectsAlwaysNameAWorkerAndTimes) {
    table_.add(job("a"));
    auto* a = table_.find("a");
    table_.end(*a, JobState::cancelled, at(40));
    const auto view = view_of(*a, at(50));
    EXPECT_EQ(view.worker_id, "");
    EXPECT_EQ(view.delay, Milliseconds(40));
    EXPECT_EQ(view.execution, Milliseconds(0));
}

TEST_F(JobTables, AJobThatIsNotListedGoesBackOnceAndFailsTheSecondTime) {
    table_.add(job("a"));
    table_.take("w1", 1, at(0));
    EXPECT_TRUE(expire(39'999).empty());
    auto expiries = expire(40'000);
    ASSERT_EQ(expiries.size(), 1u);
    EXPECT_EQ(expiries[0].what, What::requeued);
    EXPECT_EQ(expiries[0].worker, "w1");
    EXPECT_EQ(expiries[0].busy, Milliseconds(40'000));
    table_.take("w2", 1, at(45'000));
    EXPECT_EQ(view_of(*table_.find("a"), at(45'000)).retries, 1);
    EXPECT_EQ(view_of(*table_.find("a"), at(45'000)).delay, Milliseconds(5'000));
    lost_.insert("w2");
    expiries = expire(50'000);
    ASSERT_EQ(expiries.size(), 1u);
    EXPECT_EQ(expiries[0].what, What::lost);
    const auto view = view_of(*table_.find("a"), at(50'000));
    EXPECT_EQ(view.state, JobState::failed);
    EXPECT_EQ(view.error, "job timed out after 1 retries");
    EXPECT_EQ(table_.totals().retried, 1);
    EXPECT_EQ(table_.totals().failed, 1);
}

TEST_F(JobTables, AJobThatIsListedIsKept) {
    table_.add(job("a"));
    table_.take("w", 1, at(0));
    for (int ms = 0; ms < 400'000; ms += 30'000) {
        table_.find("a")->listed = at(ms);
        EXPECT_TRUE(expire(ms + 29'999).empty());
    }
}

TEST_F(JobTables, TtlEndsAJobInAnyStateButNotItsResult) {
    for (const auto* id : {"queued", "running", "done"}) {
        auto one = job(id);
        one.ttl = Milliseconds(10'000);
        table_.add(std::move(one));
    }
    table_.find("queued")->is_held_back = true;
    table_.take("w", 2, at(1));
    auto* done = table_.find("done");
    table_.end(*done, JobState::completed, at(5));
    table_.find("running")->listed = at(9'000);
    EXPECT_TRUE(expire(9'999).empty());
    const auto expiries = expire(10'000);
    ASSERT_EQ(expiries.size(), 2u);
    for (const auto& expiry : expiries) EXPECT_EQ(expiry.what, What::ttl_over);
    EXPECT_EQ(table_.find("queued"), nullptr);
    EXPECT_EQ(table_.find("running"), nullptr);
    EXPECT_NE(table_.find("done"), nullptr);
    EXPECT_EQ(table_.queued() + table_.running(), 0u);
}

TEST_F(JobTables, ResultsAreForgottenAfterHalfAnHourOrAMinute) {
    table_.add(job("run"));
    auto sync = job("sync");
    sync.sync = true;
    table_.add(std::move(sync));
    table_.take("w", 2, at(0));
    table_.end(*table_.find("run"), JobState::completed, at(0));
    table_.end(*table_.find("sync"), JobState::failed, at(0));
    EXPECT_TRUE(expire(59'999).empty());
    EXPECT_EQ(expire(60'000).at(0).job.id, "sync");
    EXPECT_TRUE(expire(1'799'999).empty());
    EXPECT_EQ(expire(1'800'000).at(0).job.id, "run");
}

TEST_F(JobTables, ExecutionTimeoutEndsAJobAndTellsItsWorker) {
    auto one = job("a");
    one.execution_timeout = Milliseconds(5'000);
    table_.add(std::move(one));
    table_.take("w", 1, at(1'000));
    EXPECT_TRUE(expire(5'999).empty());
    const auto expiries = expire(6'000);
    ASSERT_EQ(expiries.size(), 1u);
    EXPECT_EQ(expiries[0].what, What::timed_out);
    EXPECT_EQ(expiries[0].worker, "w");
    EXPECT_EQ(table_.find("a")->state, JobState::timed_out);
}

TEST_F(JobTables, PurgeTakesTheQueueAndLeavesWhatRuns) {
    table_.add(job("a"));
    table_.take("w", 1, at(0));
    table_.add(job("b"));
    table_.add(job("c", 0, true));
    EXPECT_EQ(table_.purge().size(), 2u);
    EXPECT_EQ(table_.queued(), 0u);
    EXPECT_EQ(table_.running(), 1u);
    EXPECT_EQ(take_one("w", 1), "");
}

TEST_F(JobTables, ARetryForgetsTheOldResult) {
    table_.add(job("a"));
    table_.take("w", 1, at(0));
    auto* a = table_.find("a");
    a->error = "broken";
    table_.end(*a, JobState::failed, at(10));
    table_.restart(*a, at(20));
    EXPECT_EQ(view_of(*a, at(30)).state, JobState::in_queue);
    EXPECT_EQ(take_one("w", 40), "a");
    table_.end(*a, JobState::completed, at(50));
    EXPECT_EQ(view_of(*a, at(60)).error, std::nullopt);
    EXPECT_EQ(view_of(*a, at(60)).delay, Milliseconds(20));
}

TEST_F(JobTables, AJobThatIsOfferedAgainGoesToAnotherWorkerOnly) {
    table_.add(job("a"));
    table_.take("w1", 1, at(0));
    table_.offer_again("a");
    EXPECT_EQ(take_one("w1", 1), "");
    EXPECT_EQ(take_one("w2", 1), "a");
    EXPECT_EQ(take_one("w3", 1), "");
    EXPECT_EQ(table_.find("a")->dispatches, 2);
    EXPECT_EQ(table_.running(), 1u);
}

// Method: random histories on few jobs and workers; after every step the counters must say what a count of
// the jobs says, and a job that has ended must stay as it ended.
TEST_F(JobTables, CountersAgreeWithTheJobsWhateverHappens) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        JobTable table{JobRules{}};
        std::int64_t ms = 0;
        for (int step = 0; step < 120; ++step) {
            ms += random() % 9'000;
            const auto id = "j" + std::to_string(random() % 6);
            const auto worker = "w" + std::to_string(random() % 3);
            auto* known = table.find(id);
            switch (random() % 7) {
                case 0:
                    if (known == nullptr) table.add(job(id, ms, random() % 3 == 0));
                    break;
                case 1:
                    table.take(worker, 1 + random() % 2, at(ms));
                    break;
                case 2:
                    if (known != nullptr && !is_final(known->state))
                        table.end(*known, random() % 2 == 0 ? JobState::completed : JobState::failed, at(ms));
                    break;
                case 3:
                    if (known != nullptr && known->state == JobState::failed) table.restart(*known, at(ms));
                    break;
                case 4:
                    if (random() % 5 == 0) table.purge();
                    break;
                case 5:
                    table.offer_again(id);
                    break;
                default:
                    table.expire(at(ms), [&](const std::string& one) { return one == worker; });
            }
            std::size_t queued = 0;
            std::size_t running = 0;
            for (const auto& [name, one] : table.jobs()) {
                queued += one.state == JobState::in_queue;
                running += one.state == JobState::in_progress;
                ASSERT_EQ(one.ended.has_value(), is_final(one.state));
            }
            ASSERT_EQ(table.queued(), queued);
            ASSERT_EQ(table.running(), running);
            ASSERT_LE(table.wanting_workers(), queued);
        }
    }
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
