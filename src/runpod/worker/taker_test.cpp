#include "runpod/worker/taker.h"

#include <gmock/gmock.h>

#include <thread>

#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string take_url = base_url + "/job-take/";
const std::string batch_url = base_url + "/job-take-batch/";

class TakerTest : public ::testing::Test {
protected:
    /// Takes by this script until the last answer, at which the worker is stopped.
    void take(std::vector<FetchResult> answers, int concurrency = 1, int jobs_max = 0) {
        jobs_.emplace(concurrency, jobs_max, world_.clock, WorkTools{world_.pictures});
        const auto urls = world_.urls();
        Taker taker(world_.settings, world_.limits, urls, world_.web, world_.clock, world_.random, *jobs_);
        std::size_t next = 0;
        const auto handler = [&](const OutgoingRequest&) {
            auto answer = answers[next++];
            if (next == answers.size()) {
                taker.stop();
                jobs_->close();
            }
            return answer;
        };
        world_.web.on(take_url, handler);
        world_.web.on(batch_url, handler);
        taker.run();
    }
    std::vector<std::int64_t> pauses() const {
        std::vector<std::int64_t> pauses;
        for (const auto wait : world_.clock.skipped_waits()) pauses.push_back(wait.count());
        return pauses;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> ids;
        for (const auto& id : jobs_->ids()) ids.push_back(id.str());
        return ids;
    }

    WorkerWorld world_;
    std::optional<JobsInHand> jobs_;
};

TEST_F(TakerTest, TakesOneJobAndListsItAtOnce) {
    take({answer(200, R"({"id":"a-u1","input":{"x":1},"strange":true})")});
    EXPECT_THAT(ids(), ElementsAre("a-u1"));
    const auto asked = world_.web.requests(take_url);
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].url, take_url + "worker-1?gpu=A&job_in_progress=0");
    EXPECT_EQ(asked[0].total_timeout, Milliseconds(90'000));
    EXPECT_THAT(asked[0].headers, ::testing::Contains(::testing::Pair("Authorization", "worker key")));
}

TEST_F(TakerTest, AsksForABatchWhereThereIsRoomForMore) {
    take({answer(200, R"([{"id":"a","input":{}},{"id":"b","input":{}}])"), answer(204)}, 3);
    EXPECT_THAT(ids(), ElementsAre("a", "b"));
    ASSERT_EQ(world_.web.requests(batch_url).size(), 1U);
    EXPECT_THAT(world_.web.requests(batch_url)[0].url, HasSubstr("batch_size=3&job_in_progress=0"));
    ASSERT_EQ(world_.web.requests(take_url).size(), 1U) << "one place is left";
    EXPECT_THAT(world_.web.requests(take_url)[0].url, HasSubstr("job_in_progress=1"));
}

TEST_F(TakerTest, NoJobIsNoFaultButAnEndpointWithoutLongPollIsNotHammered) {
    take({answer(204), answer(400), answer(200), answer(204)});
    EXPECT_THAT(pauses(), ElementsAre(500, 500, 500));
}

TEST_F(TakerTest, Waits5SecondsWhereItAsksTooOften) {
    take({answer(429), answer(429), answer(204)});
    EXPECT_THAT(pauses(), ElementsAre(5'000, 5'000));
}

TEST_F(TakerTest, PausesGrowTo30SecondsAndStartAgainAfterASuccess) {
    std::vector<FetchResult> answers(12, answer(502, "<html>"));
    answers[1] = failure(FetchError::unreachable);
    answers[2] = answer(401);
    answers[3] = answer(200, "<html>no JSON</html>");
    answers.push_back(answer(429));
    answers.push_back(answer(500));
    answers.push_back(answer(204));
    take(std::move(answers));
    const auto waits = pauses();
    ASSERT_EQ(waits.size(), 14U);
    for (std::size_t i = 0; i < 12; ++i) {
        const std::int64_t full = std::min<std::int64_t>(30'000, 500LL << i);
        EXPECT_LE(waits[i], full) << i;
        EXPECT_GE(waits[i], std::max<std::int64_t>(500, full / 2)) << i;
    }
    EXPECT_EQ(waits[12], 5'000);
    EXPECT_EQ(waits[13], 500);
}

TEST_F(TakerTest, JobsWithoutIdOrTwiceHarmNobody) {
    take({answer(200,
                 R"([{"input":{}},{"id":"a","input":{}},{"id":"a","input":{}},{"id":"../x","input":{}}])"),
          answer(204)},
         4);
    EXPECT_THAT(ids(), ElementsAre("a"));
}

TEST_F(TakerTest, StopsAfterAsManyJobsAsItMayDo) {
    jobs_.emplace(1, 1, world_.clock, WorkTools{world_.pictures});
    const auto urls = world_.urls();
    Taker taker(world_.settings, world_.limits, urls, world_.web, world_.clock, world_.random, *jobs_);
    world_.web.on(take_url, {answer(200, R"({"id":"a","input":{}})")});
    taker.run();
    EXPECT_EQ(world_.web.requests(take_url).size(), 1U) << "it returned by itself";
    EXPECT_TRUE(jobs_->is_last());
}

TEST_F(TakerTest, ALongPollEndsAtOnceWhenTheWorkerStops) {
    jobs_.emplace(1, 0, world_.clock, WorkTools{world_.pictures});
    const auto urls = world_.urls();
    Taker taker(world_.settings, world_.limits, urls, world_.web, world_.clock, world_.random, *jobs_);
    world_.web.on(take_url, hold);
    std::thread thread([&] { taker.run(); });
    EXPECT_TRUE(world_.web.wait_for(take_url, 1));
    const auto began = std::chrono::steady_clock::now();
    taker.stop();
    thread.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
    EXPECT_EQ(world_.web.requests(take_url).size(), 1U);
}

}  // namespace
}  // namespace darkroom::runpod::worker
