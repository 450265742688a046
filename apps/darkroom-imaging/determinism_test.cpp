// The same job gives the same bytes, in every file of its result, whether a pixel process has one thread or
// two: every operation, as it is shipped.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/codec/testing/picture_samples.h"
#include "imaging/pool/process_pool.h"
#include "tests/support/temp_dir.h"

namespace darkroom::imaging {
namespace {

using samples::encoded;
using samples::file_of;

/// A coloured thing on a lit ground, with noise everywhere.
std::string photo() {
    cv::Mat picture(600, 800, CV_32FC3), noise(600, 800, CV_32FC3), result;
    for (int y = 0; y < picture.rows; ++y) {
        for (int x = 0; x < picture.cols; ++x)
            picture.at<cv::Vec3f>(y, x) = cv::Vec3f::all(235 - 20 * float(x) / float(picture.cols));
    }
    cv::ellipse(picture, {400, 300}, {190, 120}, 20, 0, 360, {150, 60, 90}, cv::FILLED, cv::LINE_AA);
    cv::circle(picture, {330, 280}, 40, {60, 60, 160}, cv::FILLED, cv::LINE_AA);
    cv::RNG(11).fill(noise, cv::RNG::NORMAL, 0, 4);
    cv::Mat(picture + noise).convertTo(result, CV_8U);
    return encoded(result, ".jpg");
}

std::string logo() {
    cv::Mat picture(400, 600, CV_8UC3, cv::Scalar(255, 255, 255));
    cv::putText(picture, "Darkroom", {40, 220}, cv::FONT_HERSHEY_DUPLEX, 3, {160, 20, 30}, 6, cv::LINE_AA);
    return encoded(picture, ".png");
}

class Files {
public:
    Files() : mask_(file_of(mask())), original_(file_of(photo())) {}
    std::vector<ports::PicturePart> for_operation(const std::string& operation) const {
        if (operation == "object_remove") return {{"mask", mask_.get()}};
        if (operation == composite_operation) return {{"mask", mask_.get()}, {"original", original_.get()}};
        return {};
    }

private:
    static std::string mask() {
        cv::Mat drawn = cv::Mat::zeros(600, 800, CV_8U);
        cv::circle(drawn, {330, 280}, 50, 255, cv::FILLED);
        return encoded(drawn, ".png");
    }
    UniqueFd mask_, original_;
};

using Results = std::map<std::string, std::string>;

Results results_at(int threads, const std::filesystem::path& folder) {
    const std::string region = R"({"v":1,"seed":3,"region":{"mask":"mask"})";
    const std::tuple<std::string, std::string, std::string> jobs[] = {
        {"bg_remove", photo(), R"({"v":1,"shadow":{"mode":"soft"}})"},
        {"cutout_subject", photo(), R"({"v":1,"select":"central","margin":0.05})"},
        {"white_bg_ecomm", photo(), R"({"v":1,"strict":false,"output_format":"jpeg"})"},
        {"object_remove", photo(), region + R"(,"method":"exemplar"})"},
        {"object_remove", photo(), region + R"(,"method":"fast"})"},
        {std::string(composite_operation), logo(), region + "}"},
        {"upscale_2k", photo(), R"({"v":1,"target":1600})"},
        {"restore", photo(), R"({"v":1})"},
        {"jpeg_to_png", logo(), R"({"v":1,"method":"unmix"})"},
        {"jpeg_to_png", logo(), R"({"v":1,"method":"colour_key"})"},
        {"jpeg_to_png", photo(), R"({"v":1,"method":"matte"})"},
    };
    PoolOptions options;
    options.program = DARKROOM_IMAGING_PROGRAM;
    options.work_dir = folder;
    options.threads_per_process = threads;
    auto pool = ProcessPool::open(std::move(options));
    EXPECT_TRUE(pool);
    const CancelFlag never;
    const Files files;
    Results results;
    for (const auto& [operation, input, params] : jobs) {
        const UniqueFd file = file_of(input);
        PictureTask task{.operation = operation, .params = {}, .input = file.get()};
        task.params = parse_json(params)->as_object();
        task.parts = files.for_operation(operation);
        task.extras = true;
        const auto done = (*pool)->run(task, never);
        EXPECT_TRUE(done) << operation << ": " << (done ? "" : done.error().message);
        if (!done) continue;
        for (const auto& produced : done->files) {
            std::ifstream content(produced.path, std::ios::binary);
            auto what = operation;
            what.append(" ").append(params).append(" ").append(produced.role);
            results[what].assign(std::istreambuf_iterator<char>(content), {});
        }
    }
    return results;
}

TEST(Determinism, EveryFileOfEveryOperationHasTheSameBytesAtOneAndTwoThreads) {
    samples::start_once();
    const testing::TempDir folder;
    const Results one = results_at(1, folder.path() / "one"), two = results_at(2, folder.path() / "two");
    EXPECT_GE(one.size(), 11u * 2);
    ASSERT_EQ(one.size(), two.size());
    for (const auto& [name, bytes] : one) {
        EXPECT_FALSE(bytes.empty()) << name;
        EXPECT_TRUE(two.at(name) == bytes) << name;
    }
}

}  // namespace
}  // namespace darkroom::imaging
