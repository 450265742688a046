// Networks behind the lock: loaded, tried and run by real pixel processes, which can open no file and start
// nothing.
#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/codec/decode.h"
#include "imaging/codec/testing/picture_samples.h"
#include "imaging/networks/testing/drawn_network.h"
#include "imaging/pool/process_pool.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using samples::encoded;
using samples::file_of;
namespace drawn = drawn_networks;

cv::Mat red_and_blue() {
    cv::Mat picture(240, 320, CV_8UC3, cv::Scalar(225, 226, 228));
    cv::circle(picture, {80, 120}, 40, {200, 40, 40}, cv::FILLED, cv::LINE_AA);
    cv::circle(picture, {220, 120}, 70, {40, 50, 190}, cv::FILLED, cv::LINE_AA);
    return picture;
}

boost::json::object with_plan(const std::string& stage, const std::string& sha256 = "a") {
    boost::json::object params{{"v", 1}};
    const std::string input = stage == "coarse_mask" ? R"("input":{"size":[64,64]},)" : "";
    params["_onnx"] =
        *parse_json(R"({"stage":")" + stage + R"(",)" + input + R"("sha256":")" + sha256 + "\"}");
    return params;
}

class NetworkJob : public ::testing::Test {
protected:
    void open(int threads = 2, const char* program = DARKROOM_IMAGING_NETWORKS_PROGRAM) {
        samples::start_once();
        PoolOptions options;
        options.program = program;
        options.work_dir = folder_.path() / ("work" + std::to_string(threads));
        options.threads_per_process = threads;
        auto pool = ProcessPool::open(std::move(options));
        ASSERT_TRUE(pool) << pool.error();
        pool_ = *std::move(pool);
    }
    PictureResult run(const std::string& operation, boost::json::object params, const std::string& onnx) {
        const UniqueFd input = file_of(encoded(red_and_blue(), ".png")), model = file_of(onnx);
        PictureTask task{.operation = operation, .params = std::move(params), .input = input.get()};
        if (!onnx.empty()) task.parts = {{"model", model.get()}};
        return pool_->run(task, never_);
    }
    std::string main_of(const PictureResult& result) {
        std::ifstream file(result->files.at(0).path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    ErrorCode failure_of(const std::string& operation, boost::json::object params, const std::string& onnx) {
        const auto result = run(operation, std::move(params), onnx);
        EXPECT_FALSE(result);
        return result ? ErrorCode::internal : result.error().code;
    }

    testing::TempDir folder_;
    CancelFlag never_;
    std::unique_ptr<ProcessPool> pool_;
};

TEST_F(NetworkJob, ANetworkFindsTheSubjectInALockedDownProcessWhichKeepsItForTheNextPicture) {
    open();
    for (int i = 0; i < 3; ++i) {
        const auto result = run("bg_remove", with_plan("coarse_mask"), drawn::red_finder(64));
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(result->done.measures.at("network").as_string(), "coarse_mask");
        const UniqueFd file = file_of(main_of(result));
        const auto picture = decode_picture(file.get(), {});
        ASSERT_TRUE(picture);
        EXPECT_EQ(picture->pixels.at<cv::Vec4b>(120, 80)[3], 255);
        EXPECT_EQ(picture->pixels.at<cv::Vec4b>(120, 220)[3], 0) << "blue is no subject to this network";
    }
    const auto without = run("bg_remove", {{"v", 1}}, "");
    ASSERT_TRUE(without);
    EXPECT_FALSE(without->done.measures.contains("network"));
    EXPECT_EQ(pool_->counts().started, 1u);
}

TEST_F(NetworkJob, EnlargesAndGivesTheSameBytesAtOneAndTwoThreads) {
    std::string bytes[2], masks[2];
    for (const int threads : {1, 2}) {
        open(threads);
        auto params = with_plan("upscale_x4");
        params["target"] = 1000;
        const auto large = run("upscale_2k", params, drawn::repeater(64));
        ASSERT_TRUE(large) << large.error().message;
        EXPECT_EQ(large->files[0].width, 1000u);
        bytes[threads - 1] = main_of(large);
        const auto cut = run("bg_remove", with_plan("coarse_mask"), drawn::red_finder(64));
        ASSERT_TRUE(cut);
        masks[threads - 1] = main_of(cut);
    }
    EXPECT_TRUE(bytes[0] == bytes[1]);
    EXPECT_TRUE(masks[0] == masks[1]);
}

TEST_F(NetworkJob, NetworksThatFailTheirTestOrFitNoStageAreUnavailableAndTheNextJobIsFine) {
    open();
    const auto plan = with_plan("coarse_mask");
    EXPECT_EQ(failure_of("bg_remove", plan, drawn::blind(64)), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("bg_remove", plan, drawn::nonsense(64)), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("bg_remove", plan, "no network"), ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("bg_remove", plan, drawn::red_finder(64).substr(0, 100)),
              ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("bg_remove", plan, ""), ErrorCode::model_unavailable) << "no file";
    EXPECT_EQ(failure_of("bg_remove", {{"v", 1}, {"_onnx", 7}}, drawn::red_finder(64)),
              ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("bg_remove", with_plan("no_stage"), drawn::red_finder(64)),
              ErrorCode::model_unavailable);
    EXPECT_EQ(failure_of("upscale_2k", plan, drawn::red_finder(64)), ErrorCode::model_unavailable)
        << "enlarging has no mask to find";
    EXPECT_TRUE(run("bg_remove", plan, drawn::red_finder(64)));
}

TEST_F(NetworkJob, TheProgramWithoutNetworksSaysThatItHasNone) {
    open(1, DARKROOM_IMAGING_PROGRAM);
    EXPECT_EQ(failure_of("bg_remove", with_plan("coarse_mask"), drawn::red_finder(64)),
              ErrorCode::model_unavailable);
    EXPECT_TRUE(run("bg_remove", {{"v", 1}}, ""));
}

TEST_F(NetworkJob, AnotherNetworkTakesThePlaceOfTheOneBefore) {
    open();
    ASSERT_TRUE(run("bg_remove", with_plan("coarse_mask", "a"), drawn::red_finder(64)));
    // The gateway vouches that other bytes have another digest; here the file is a blind network.
    EXPECT_EQ(failure_of("bg_remove", with_plan("coarse_mask", "b"), drawn::blind(64)),
              ErrorCode::model_unavailable);
    EXPECT_TRUE(run("bg_remove", with_plan("coarse_mask", "a"), drawn::red_finder(64)));
}

}  // namespace
}  // namespace darkroom::imaging
