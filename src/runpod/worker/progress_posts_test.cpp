#include "runpod/worker/progress_posts.h"

#include <gmock/gmock.h>

#include <thread>

#include "runpod/worker/worker_fixture.h"
#include "tests/support/manual_clock.h"

namespace darkroom::runpod::worker {
namespace {

const std::string done_url = base_url + "/job-done/worker-1/";

class ProgressPostsTest : public ::testing::Test {
protected:
    ProgressPostsTest() : thread_([this] { progress_.run(); }) {}
    ~ProgressPostsTest() override {
        progress_.stop();
        thread_.join();
    }
    std::vector<std::string> bodies() const {
        std::vector<std::string> bodies;
        for (const auto& request : world_.web.requests(done_url)) bodies.push_back(request.body);
        return bodies;
    }

    WorkerWorld world_;
    darkroom::testing::ManualClock clock_;
    const WorkerUrls urls_ = world_.urls();
    ProgressPosts progress_{world_.settings, world_.limits, urls_, world_.web, clock_};
    std::thread thread_;
};

std::string body(const std::string& stage) {
    return R"({"status":"IN_PROGRESS","output":{"stage":")" + stage + R"("}})";
}

TEST_F(ProgressPostsTest, TellsTheNewestOnceASecondForEachJob) {
    progress_.tell(remote("a"), "fetching");
    ASSERT_TRUE(world_.web.wait_for(done_url, 1));
    progress_.tell(remote("a"), "working");
    progress_.tell(remote("a"), "storing");
    progress_.tell(remote("b"), "fetching");
    ASSERT_TRUE(world_.web.wait_for(done_url, 2)) << "another job does not wait for this one's second";
    EXPECT_THAT(bodies(), ::testing::ElementsAre(body("fetching"), body("fetching")));
    clock_.advance(Milliseconds(1'000));
    ASSERT_TRUE(world_.web.wait_for(done_url, 3));
    EXPECT_EQ(bodies()[2], body("storing"));
}

TEST_F(ProgressPostsTest, NothingFollowsTheEndAndWhatIsOnItsWayIsWaitedFor) {
    StopEvent may_arrive;
    std::atomic<bool> arrived{false};
    world_.web.on(done_url, [&](const OutgoingRequest&) {
        pollfd one{may_arrive.fd(), POLLIN, 0};
        ::poll(&one, 1, 10'000);
        arrived = true;
        return answer(200);
    });
    progress_.tell(remote("a"), "fetching");
    ASSERT_TRUE(world_.web.wait_for(done_url, 1));
    progress_.tell(remote("a"), "working");
    std::thread ender([&] {
        progress_.end(remote("a"));
        EXPECT_TRUE(arrived) << "the final report would have overtaken it";
    });
    may_arrive.set();
    ender.join();
    clock_.advance(Milliseconds(10'000));
    progress_.tell(remote("b"), "fetching");
    ASSERT_TRUE(world_.web.wait_for(done_url, 2));
    EXPECT_THAT(world_.web.requests(done_url)[1].url, ::testing::HasSubstr("/b?"))
        << "what was unsent at the end stays unsent";
    progress_.end(remote("b"));  // its answer looks at this test
    progress_.end(remote("a"));
}

}  // namespace
}  // namespace darkroom::runpod::worker
