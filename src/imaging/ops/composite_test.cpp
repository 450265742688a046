// Regions that come as masks, and results of others that are put into the picture through the region: outside
// of it the picture's own bits, whatever came back.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "base/json.h"
#include "imaging/ops/operations.h"

namespace darkroom::imaging {
namespace {

boost::json::object by_mask(const std::string& more = "") {
    return parse_json(R"({"v":1,"seed":7,"region":{"mask":"mask"})" + more + "}")->as_object();
}

OperationParts parts_of(const cv::Mat& mask, const cv::Mat& result) {
    OperationParts parts;
    parts.mask = mask;
    parts.result = result;
    return parts;
}

cv::Mat noisy(cv::Size size, int type, std::uint64_t seed) {
    cv::Mat picture(size, type);
    cv::RNG(seed).fill(picture, cv::RNG::UNIFORM, 0, 256);
    return picture;
}

cv::Mat disc_mask(cv::Size size, cv::Point centre, int radius) {
    cv::Mat mask = cv::Mat::zeros(size, CV_8U);
    cv::circle(mask, centre, radius, 255, cv::FILLED);
    return mask;
}

/// Pixels further from the mask than grow + feather.
cv::Mat out_of_reach(const cv::Mat& mask, double reach) {
    cv::Mat away;
    cv::distanceTransform(mask == 0, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
    return away > reach * std::max(mask.cols, mask.rows);
}

bool same_bits(const cv::Mat& a, const cv::Mat& b, const cv::Mat& where) {
    cv::Mat differs;
    cv::absdiff(a, b, differs);
    for (int y = 0; y < differs.rows; ++y) {
        const auto* row = differs.ptr<uchar>(y);
        for (int i = 0; i < differs.cols * differs.channels(); ++i) {
            if (row[i] != 0 && where.at<uchar>(y, i / differs.channels()) != 0) return false;
        }
    }
    return true;
}

TEST(CompositeThroughRegion, OutsideIsTheOriginalBitForBitAndInsideTheResultAlone) {
    const cv::Mat original = noisy({320, 240}, CV_8UC3, 1), result = noisy({320, 240}, CV_8UC3, 2);
    const cv::Mat mask = disc_mask(original.size(), {150, 110}, 40);
    const auto done = composite_through_region(original, by_mask(), parts_of(mask, result));
    ASSERT_TRUE(done);
    EXPECT_TRUE(same_bits(done->main, original, out_of_reach(mask, 0.012)));
    EXPECT_TRUE(same_bits(done->main, result, mask));
    EXPECT_FALSE(same_bits(done->main, original, mask));
    EXPECT_EQ(done->mask.size(), original.size());
    EXPECT_TRUE(done->warnings.empty());
}

TEST(CompositeThroughRegion, AResultOfAnotherSizeIsFittedAndWarnedOf) {
    const cv::Mat original = noisy({320, 240}, CV_8UC3, 1);
    const cv::Mat mask = disc_mask(original.size(), {150, 110}, 40);
    for (const cv::Size size : {cv::Size(160, 120), cv::Size(640, 480), cv::Size(1, 1), cv::Size(333, 7)}) {
        const cv::Mat result(size, CV_8UC3, cv::Scalar(10, 200, 30));
        const auto done = composite_through_region(original, by_mask(), parts_of(mask, result));
        ASSERT_TRUE(done);
        EXPECT_EQ(done->main.size(), original.size());
        EXPECT_TRUE(same_bits(done->main, original, out_of_reach(mask, 0.012)));
        EXPECT_EQ(done->main.at<cv::Vec3b>(110, 150), cv::Vec3b(10, 200, 30));
        ASSERT_EQ(done->warnings.size(), 1u);
        EXPECT_EQ(done->warnings[0].code, "result_resized");
    }
}

TEST(CompositeThroughRegion, TransparencyOfThePictureStaysAndThatOfTheResultShowsThePicture) {
    cv::Mat original = noisy({200, 200}, CV_8UC4, 3);
    const cv::Mat mask = disc_mask(original.size(), {100, 100}, 30);
    const auto opaque =
        composite_through_region(original, by_mask(), parts_of(mask, noisy({200, 200}, CV_8UC3, 4)));
    ASSERT_TRUE(opaque);
    cv::Mat before, after;
    cv::extractChannel(original, before, 3);
    cv::extractChannel(opaque->main, after, 3);
    EXPECT_EQ(cv::norm(before, after, cv::NORM_INF), 0);
    EXPECT_TRUE(same_bits(opaque->main, original, out_of_reach(mask, 0.012)));

    cv::Mat clear = noisy({200, 200}, CV_8UC4, 5);
    cv::insertChannel(cv::Mat::zeros(clear.size(), CV_8U), clear, 3);
    cv::cvtColor(original, original, cv::COLOR_RGBA2RGB);
    const auto seen = composite_through_region(original, by_mask(), parts_of(mask, clear));
    ASSERT_TRUE(seen);
    EXPECT_EQ(cv::norm(seen->main, original, cv::NORM_INF), 0);
}

TEST(CompositeThroughRegion, DrawnRegionsWorkLikeMasksAndTheSameErrorsAreTold) {
    const cv::Mat original = noisy({100, 80}, CV_8UC3, 1), result = noisy({100, 80}, CV_8UC3, 2);
    const auto box = parse_json(R"({"v":1,"region":{"boxes":[[0.4,0.4,0.2,0.2]]}})")->as_object();
    EXPECT_TRUE(composite_through_region(original, box, parts_of({}, result)));
    const auto code = [&](const boost::json::object& params, const OperationParts& parts) {
        const auto failed = composite_through_region(original, params, parts);
        return failed ? std::string("none") : failed.error().code;
    };
    const cv::Mat whole(original.size(), CV_8U, cv::Scalar(255)), none = cv::Mat::zeros(80, 100, CV_8U);
    EXPECT_EQ(code(box, {}), "output_missing");
    EXPECT_EQ(code(by_mask(), parts_of({}, result)), "input_missing");
    EXPECT_EQ(code(by_mask(), parts_of(none, result)), "region_missing");
    EXPECT_EQ(code(by_mask(), parts_of(whole, result)), "region_too_large");
    EXPECT_EQ(code(by_mask(), parts_of(none.t(), result)), "mask_size_mismatch");
}

TEST(ObjectRemoveByMask, DoesWhatTheSameRegionDrawnAsABoxDoes) {
    cv::Mat picture = noisy({200, 150}, CV_8UC3, 9);
    cv::GaussianBlur(picture, picture, {}, 2);
    cv::Mat mask = cv::Mat::zeros(picture.size(), CV_8U);
    mask(cv::Rect(60, 50, 40, 30)).setTo(255);
    const auto drawn = object_remove(
        picture,
        parse_json(R"({"v":1,"seed":7,"units":"px","region":{"boxes":[[60,50,40,30]]}})")->as_object());
    const auto masked = object_remove(picture, by_mask(), parts_of(mask, {}));
    ASSERT_TRUE(drawn && masked);
    EXPECT_EQ(cv::norm(drawn->main, masked->main, cv::NORM_INF), 0);
    EXPECT_TRUE(same_bits(masked->main, picture, out_of_reach(mask, 0.012)));
}

TEST(CompositeThroughRegion, GivesTheSameBytesAtOneAndTwoThreads) {
    const cv::Mat original = noisy({640, 480}, CV_8UC3, 1), result = noisy({512, 384}, CV_8UC3, 2);
    const OperationParts parts{.mask = disc_mask(original.size(), {300, 200}, 90), .result = result};
    const int threads = cv::getNumThreads();
    cv::setNumThreads(1);
    const auto one = composite_through_region(original, by_mask(), parts);
    cv::setNumThreads(2);
    const auto two = composite_through_region(original, by_mask(), parts);
    cv::setNumThreads(threads);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(cv::norm(one->main, two->main, cv::NORM_INF), 0);
}

}  // namespace
}  // namespace darkroom::imaging
