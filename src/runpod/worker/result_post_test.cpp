#include "runpod/worker/result_post.h"

#include <gmock/gmock.h>

#include "runpod/worker/worker_fixture.h"

namespace darkroom::runpod::worker {
namespace {

using ::testing::HasSubstr;

const std::string done_url = base_url + "/job-done/worker-1/";

class ResultPostTest : public ::testing::Test {
protected:
    ResultPostTest() {
        report_.whole.output_json = R"({"files":[],"measures":{"much":1}})";
        report_.small.output_json = R"({"files":[]})";
    }
    Delivery deliver(std::vector<FetchResult> answers) {
        world_.web.on(done_url, std::move(answers));
        const auto urls = world_.urls();
        ResultPost post(world_.settings, world_.limits, urls, world_.web, world_.clock, world_.random);
        return post.deliver(remote("a-u1"), report_, halt_);
    }
    std::vector<OutgoingRequest> posts() const { return world_.web.requests(done_url); }

    WorkerWorld world_;
    Interruptible halt_{world_.clock};
    JobReport report_;
};

TEST_F(ResultPostTest, DeliversTheWholeAtOnce) {
    EXPECT_EQ(deliver({answer(200)}), Delivery::delivered);
    ASSERT_EQ(posts().size(), 1U);
    EXPECT_EQ(posts()[0].url, done_url + "a-u1?gpu=A&isStream=false");
    EXPECT_EQ(posts()[0].body, R"({"output":{"files":[],"measures":{"much":1}}})");
    EXPECT_THAT(posts()[0].headers, ::testing::Contains(::testing::Pair("X-Request-ID", "a-u1")));
}

TEST_F(ResultPostTest, SendsAFileAsItsBodyAndRemovesIt) {
    report_.body_file = world_.folder.path() / "answer";
    report_.small.error = "too large";
    testing::write_file(report_.body_file, R"({"output":{"images":[]})");
    EXPECT_EQ(deliver({answer(503), answer(200)}), Delivery::delivered);
    ASSERT_EQ(posts().size(), 2U);
    EXPECT_EQ(posts()[1].body, R"({"output":{"images":[]}})");
    EXPECT_FALSE(std::filesystem::exists(report_.body_file));
}

TEST_F(ResultPostTest, SaysTheEssentialWhereAFileIsTooLargeAndAsksToBeReplaced) {
    report_.body_file = world_.folder.path() / "answer";
    report_.small.output_json.reset();
    report_.small.error = "too large";
    report_.whole.stop_worker = report_.small.stop_worker = true;
    testing::write_file(report_.body_file, R"({"output":{"images":[]})");
    EXPECT_EQ(deliver({answer(413), answer(200)}), Delivery::delivered);
    ASSERT_EQ(posts().size(), 2U);
    EXPECT_EQ(posts()[0].body, R"({"output":{"images":[]},"stopPod":true})");
    EXPECT_EQ(posts()[1].body, R"({"error":"too large","stopPod":true})");
}

TEST_F(ResultPostTest, DoesNotTryWhatNoPlatformTakes) {
    report_.body_file = world_.folder.path() / "answer";
    world_.limits.done_file_bytes_max = 10;
    testing::write_file(report_.body_file, R"({"output":{"images":[]})");
    EXPECT_EQ(deliver({answer(200)}), Delivery::delivered);
    ASSERT_EQ(posts().size(), 1U);
    EXPECT_EQ(posts()[0].body, R"({"output":{"files":[]}})");
    EXPECT_FALSE(std::filesystem::exists(report_.body_file));
}

TEST_F(ResultPostTest, AFileThatIsGoneIsToldOfInAFewWords) {
    report_.body_file = world_.folder.path() / "no such folder" / "answer";
    EXPECT_EQ(deliver({answer(200)}), Delivery::delivered);
    EXPECT_EQ(posts()[0].body, R"({"output":{"files":[]}})");
}

TEST_F(ResultPostTest, TriesAgainWhateverMayBeOver) {
    EXPECT_EQ(deliver({failure(FetchError::interrupted), failure(FetchError::unreachable), answer(408),
                       answer(429), answer(500), answer(524), answer(200)}),
              Delivery::delivered);
    EXPECT_EQ(posts().size(), 7U);
    for (const auto& post : posts()) EXPECT_EQ(post.body, posts()[0].body) << "the same words each time";
}

TEST_F(ResultPostTest, GivesUpAfter5MinutesAndNotBefore) {
    EXPECT_EQ(deliver({answer(503)}), Delivery::unreachable);
    Milliseconds waited{0};
    for (const auto wait : world_.clock.skipped_waits()) waited += wait;
    EXPECT_GT(waited, Milliseconds(265'000)) << "one pause of 30 s or less was too long";
    EXPECT_LE(waited, Milliseconds(300'000));
    EXPECT_GE(posts().size(), 12U);
}

TEST_F(ResultPostTest, ARefusedResultIsSentOnceMoreWithTheEssential) {
    EXPECT_EQ(deliver({answer(503), answer(400), answer(500), answer(200)}), Delivery::delivered);
    ASSERT_EQ(posts().size(), 4U);
    EXPECT_THAT(posts()[1].body, HasSubstr("much"));
    EXPECT_EQ(posts()[2].body, R"({"output":{"files":[]}})");
    EXPECT_EQ(posts()[3].body, R"({"output":{"files":[]}})");
}

TEST_F(ResultPostTest, TwoRefusalsAreTheEnd) {
    EXPECT_EQ(deliver({answer(400)}), Delivery::refused);
    EXPECT_EQ(posts().size(), 2U);
}

TEST_F(ResultPostTest, AJobThatIsGoneIsLeftAlone) {
    EXPECT_EQ(deliver({answer(500), answer(404)}), Delivery::gone);
    EXPECT_EQ(posts().size(), 2U);
}

TEST_F(ResultPostTest, AWrongKeyIsNotTriedForFiveMinutes) {
    EXPECT_EQ(deliver({answer(401)}), Delivery::refused);
    EXPECT_EQ(posts().size(), 1U);
}

TEST_F(ResultPostTest, WhatIsLongerThanAMegabyteIsNeverSent) {
    report_.whole.output_json = "\"" + std::string(1 << 20, 'x') + "\"";
    EXPECT_EQ(deliver({answer(200)}), Delivery::delivered);
    EXPECT_EQ(posts()[0].body, R"({"output":{"files":[]}})");
}

TEST_F(ResultPostTest, AStoppedJobSaysNothing) {
    halt_.stop();
    EXPECT_EQ(deliver({answer(200)}), Delivery::stopped);
    EXPECT_TRUE(posts().empty());
}

}  // namespace
}  // namespace darkroom::runpod::worker
