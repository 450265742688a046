#include "tools/contact_sheet/contact_sheet.h"

#include <gtest/gtest.h>

namespace darkroom::contact_sheet {
namespace {

const cv::Mat red(40, 80, CV_8UC3, cv::Scalar(255, 0, 0));

TEST(ContactSheet, ShowsBeforeLeftAndAfterRight) {
    const cv::Mat blue(80, 80, CV_8UC3, cv::Scalar(0, 0, 255));
    const cv::Mat sheet = draw({{red, blue, "a pair"}}, {.cell = 100, .columns = 3, .title = {}});
    const cv::Point middle_of_first(28 + 50, 28 + 50);
    EXPECT_EQ(sheet.at<cv::Vec3b>(middle_of_first), cv::Vec3b(255, 0, 0));
    EXPECT_EQ(sheet.at<cv::Vec3b>(middle_of_first + cv::Point(106, 0)), cv::Vec3b(0, 0, 255));
}

TEST(ContactSheet, PutsTransparentPicturesOnACheckerboard) {
    const cv::Mat clear(100, 100, CV_8UC4, cv::Scalar(200, 10, 10, 0));
    const cv::Mat sheet = draw({{clear, clear, ""}}, {.cell = 100, .columns = 1, .title = {}});
    EXPECT_EQ(sheet.at<cv::Vec3b>(28 + 5, 28 + 5), cv::Vec3b(208, 208, 208));
    EXPECT_EQ(sheet.at<cv::Vec3b>(28 + 5, 28 + 15), cv::Vec3b(184, 184, 184));
}

TEST(ContactSheet, GrowsByRowsAndKeepsLongLabelsInside) {
    const Layout layout{.cell = 64, .columns = 2, .title = "Results"};
    const std::vector<Pair> three(3, {red, red, std::string(500, 'W')});
    const cv::Mat one_row = draw({three[0], three[1]}, layout);
    const cv::Mat two_rows = draw(three, layout);
    EXPECT_EQ(one_row.cols, two_rows.cols);
    EXPECT_GT(two_rows.rows, one_row.rows + 64);
    const cv::Mat last_columns = one_row.colRange(one_row.cols - 20, one_row.cols);
    cv::Mat difference;
    cv::absdiff(last_columns, cv::Mat(last_columns.size(), CV_8UC3, cv::Scalar(250, 250, 248)), difference);
    EXPECT_EQ(cv::norm(difference, cv::NORM_INF), 0);
}

TEST(ContactSheet, TakesGreyMasksAndOnePixelPictures) {
    const cv::Mat dot(1, 1, CV_8UC1, cv::Scalar(7));
    EXPECT_FALSE(draw({{dot, dot, "dot"}}, {}).empty());
}

TEST(ContactSheet, PutsOneRowUnderTheOtherAndLeavesMissingPicturesFree) {
    const cv::Mat blue(80, 80, CV_8UC3, cv::Scalar(0, 0, 255));
    const RowLayout layout{.cell = 100, .headings = {"truth", "ours", "theirs"}, .title = "set"};
    const cv::Mat sheet = draw_rows({{{red, blue, {}}, "first"}, {{blue, {}, red}, "second"}}, layout);
    const cv::Point first(28 + 50, 74 + 34 + 50);
    const cv::Point right(106, 0), down(0, 134);
    EXPECT_EQ(sheet.at<cv::Vec3b>(first), cv::Vec3b(255, 0, 0));
    EXPECT_EQ(sheet.at<cv::Vec3b>(first + right), cv::Vec3b(0, 0, 255));
    EXPECT_EQ(sheet.at<cv::Vec3b>(first + 2 * right), cv::Vec3b(250, 250, 248));
    EXPECT_EQ(sheet.at<cv::Vec3b>(first + down), cv::Vec3b(0, 0, 255));
    EXPECT_EQ(sheet.at<cv::Vec3b>(first + down + 2 * right), cv::Vec3b(255, 0, 0));
}

}  // namespace
}  // namespace darkroom::contact_sheet
