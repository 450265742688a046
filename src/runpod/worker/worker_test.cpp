#include "runpod/worker/worker.h"

#include <gmock/gmock.h>

#include <thread>

#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string take_url = base_url + "/job-take/";
const std::string done_url = base_url + "/job-done/worker-1/";
const std::string stop_url = base_url + "/job-stop/";

// A worker with all its threads, on the real clock; pauses are short.
class WorkerTest : public ::testing::Test {
protected:
    WorkerTest() : world_(darkroom::testing::RealClock::Waits::real) {
        world_.web.on(stop_url, hold);
        world_.limits.stop_pause = Milliseconds(10);
        world_.limits.progress_gap = Milliseconds(10);
        world_.settings.ping_interval = Milliseconds(50);
    }
    ~WorkerTest() override { end(Milliseconds(0)); }

    /// Gives these jobs, one for each question, then none for as long as it is asked.
    void give(const std::vector<std::string>& jobs) {
        world_.web.on(take_url, [this, jobs](const OutgoingRequest& request) {
            const auto next = given_++;
            return next < jobs.size() ? answer(200, jobs[next]) : hold(request);
        });
    }
    void start() {
        worker_.emplace(world_.settings, world_.urls(), world_.ports(), world_.limits);
        threads_.emplace_back([this] { worker_->take_jobs(); });
        threads_.emplace_back([this] { worker_->beat(); });
        threads_.emplace_back([this] { worker_->listen_for_stops(); });
        threads_.emplace_back([this] { worker_->post_progress(); });
        threads_.emplace_back([this] { worker_->post_callbacks(); });
        for (int i = 0; i < world_.settings.concurrency; ++i)
            threads_.emplace_back([this] { worker_->work_on_jobs(); });
    }
    bool end(Milliseconds grace) {
        if (!worker_ || threads_.empty()) return true;
        worker_->stop();
        const bool idle = worker_->wait_until_idle(world_.clock.monotonic() + grace);
        worker_->abandon(world_.clock.monotonic() + std::chrono::seconds(5));
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        return idle;
    }
    /// Final reports alone.
    std::vector<OutgoingRequest> ends() const {
        std::vector<OutgoingRequest> ends;
        for (const auto& post : world_.web.requests(done_url)) {
            if (post.body.find("IN_PROGRESS") == std::string::npos) ends.push_back(post);
        }
        return ends;
    }

    WorkerWorld world_;
    FakeWorkflows workflows_;
    std::atomic<std::size_t> given_{0};
    std::optional<Worker> worker_;
    std::vector<std::thread> threads_;
};

std::string job(const std::string& id, const std::string& input = payload_json()) {
    return R"({"id":")" + id + R"(","input":)" + input + "}";
}

TEST_F(WorkerTest, DoesJobsOneAfterTheOtherAndReportsEach) {
    give({job("a"), R"({"id":"b"})", job("c")});
    start();
    ASSERT_TRUE(world_.web.wait_for(take_url, 4));
    EXPECT_TRUE(end(Milliseconds(10'000)));
    const auto posts = ends();
    ASSERT_EQ(posts.size(), 3U);
    EXPECT_THAT(posts[0].url, HasSubstr("/a?"));
    EXPECT_THAT(posts[0].body, HasSubstr(R"("output":{"files")"));
    EXPECT_THAT(posts[1].body, HasSubstr("without an input")) << "refused aloud, not dropped";
    EXPECT_EQ(posts[0].body, posts[2].body) << "the same work again";
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkerTest, NoProgressFollowsTheEndOfAJob) {
    std::vector<std::string> jobs;
    jobs.reserve(20);
    for (int i = 0; i < 20; ++i) jobs.push_back(job("j" + std::to_string(i)));
    give(jobs);
    start();
    ASSERT_TRUE(world_.web.wait_for(take_url, 21));
    EXPECT_TRUE(end(Milliseconds(10'000)));
    std::map<std::string, bool> ended;
    for (const auto& post : world_.web.requests(done_url)) {
        const bool is_end = post.body.find("IN_PROGRESS") == std::string::npos;
        EXPECT_FALSE(ended[post.url]) << post.url;
        ended[post.url] = is_end;
    }
    EXPECT_EQ(ended.size(), 20U);
}

TEST_F(WorkerTest, AJobIsInTheHeartbeatBeforeItsWorkBeginsAndNotAfterItsEnd) {
    world_.pictures.blocks = true;
    give({job("a")});
    start();
    pollfd begun{world_.pictures.started.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&begun, 1, 10'000), 1);
    EXPECT_THAT(worker_->jobs_in_hand(), ElementsAre(remote("a")));
    const auto before = world_.web.requests(base_url + "/ping").size();
    ASSERT_TRUE(world_.web.wait_for(base_url + "/ping", before + 2));
    EXPECT_THAT(world_.web.requests(base_url + "/ping").back().url, HasSubstr("job_id=a"));
    EXPECT_FALSE(end(Milliseconds(1)));
}

TEST_F(WorkerTest, AStoppedJobIsInterruptedAndSaysNothingWhileTheNextOneIsDone) {
    world_.pictures.blocks = true;
    std::atomic<bool> told{false};
    world_.web.on(stop_url, [&](const OutgoingRequest& request) {
        pollfd begun{world_.pictures.started.fd(), POLLIN, 0};
        ::poll(&begun, 1, 10'000);
        if (told.exchange(true)) return hold(request);
        world_.pictures.blocks = false;
        return answer(200, R"({"jobsToStop":["a"]})");
    });
    give({job("a"), job("b")});
    start();
    ASSERT_TRUE(world_.web.wait_for(take_url, 3));
    EXPECT_TRUE(end(Milliseconds(10'000)));
    const auto posts = ends();
    ASSERT_EQ(posts.size(), 1U);
    EXPECT_THAT(posts[0].url, HasSubstr("/b?"));
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkerTest, WhatIsNotDoneWithinTheGraceIsLeftToOthersUnreported) {
    world_.pictures.blocks = true;
    give({job("a")});
    start();
    pollfd begun{world_.pictures.started.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&begun, 1, 10'000), 1);
    EXPECT_FALSE(end(Milliseconds(20)));
    EXPECT_TRUE(ends().empty());
    EXPECT_TRUE(world_.is_clean());
}

TEST_F(WorkerTest, AWornWorkerSaysSoWithItsLastJobAndTakesNoMore) {
    world_.settings.refresh_after = 2;
    give({job("a"), job("b"), job("c")});
    start();
    pollfd taken{worker_->taking_ended_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&taken, 1, 10'000), 1) << "it ends by itself";
    EXPECT_TRUE(end(Milliseconds(10'000)));
    const auto posts = ends();
    ASSERT_EQ(posts.size(), 2U);
    EXPECT_THAT(posts[0].body, Not(HasSubstr("stopPod")));
    EXPECT_THAT(posts[1].body, HasSubstr(R"("stopPod":true)"));
    EXPECT_EQ(given_, 2U);
}

TEST_F(WorkerTest, ABrokenMachineSaysSoWithTheJobThatBrokeItAndTakesNoMore) {
    workflows_.error = core::JobError{core::ErrorCode::worker_crashed, "The GPU failed."};
    workflows_.breaks = "a CUDA fault";
    world_.workflows = &workflows_;
    const std::string input = R"({"workflow":{"9":{"class_type":"SaveImage","inputs":{}}}})";
    give({job("a", input), job("b", input), job("c", input)});
    start();
    pollfd taken{worker_->taking_ended_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&taken, 1, 10'000), 1) << "it ends by itself";
    EXPECT_TRUE(end(Milliseconds(10'000)));
    const auto posts = ends();
    ASSERT_EQ(posts.size(), 1U) << "what was taken beside it is left to other workers";
    EXPECT_THAT(posts[0].body, HasSubstr("worker_crashed"));
    EXPECT_THAT(posts[0].body, HasSubstr(R"("stopPod":true)"));
    EXPECT_EQ(worker_->trouble(), "a CUDA fault");
    EXPECT_EQ(workflows_.runs, 1);
}

TEST_F(WorkerTest, TheCallbackIsSentEvenWhereTheReportIsRefused) {
    const std::string hook = "http://gateway.test/hook";
    world_.web.on(hook, {answer(200)});
    world_.web.on(done_url, {answer(404)});
    give({job("a", payload_json(R"(,"webhook_url":")" + hook + "\""))});
    start();
    ASSERT_TRUE(world_.web.wait_for(hook, 1));
    EXPECT_TRUE(end(Milliseconds(10'000)));
    EXPECT_THAT(world_.web.requests(hook)[0].body, HasSubstr(R"("status":"COMPLETED")"));
}

TEST(WorkerAlone, DoesOneJobAndReportsToNobody) {
    WorkerWorld world;
    const auto end = perform_alone(world.settings, payload_json(), world.ports());
    EXPECT_TRUE(end.succeeded);
    EXPECT_TRUE(world.web.requests(base_url).empty());
    EXPECT_FALSE(perform_alone(world.settings, "{}", world.ports()).succeeded);
}

}  // namespace
}  // namespace darkroom::runpod::worker
