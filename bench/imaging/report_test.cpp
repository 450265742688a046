// What a run says of itself: bounds, sums over cases, the page, and the comparison with an earlier run.
#include "bench/imaging/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/imaging/page.h"
#include "bench/imaging/results_file.h"
#include "bench/imaging/sets.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Report report_of(double value, Bounds gate) {
    SetReport set;
    set.id = "set-1";
    set.title = "an <operation>";
    set.columns = {"truth", "ours"};
    const cv::Mat tile(20, 30, CV_8UC3, cv::Scalar(255, 0, 255));
    set.cases = {
        {.name = "good", .badness = 1, .figures = {{"a", 2}}, .remark = "", .tiles = {tile, tile}},
        {.name = "bad", .badness = 2, .figures = {{"a", 4}, {"b", 1}}, .remark = "", .tiles = {tile, {}}}};
    set.promises = {{"op", "figure", value, 2, gate, {}}};
    Report report;
    report.machine = "a machine & a half";
    report.sets = {set};
    return report;
}

TEST(Promise, IsKeptAtItsBoundsAndMissedBeyond) {
    EXPECT_TRUE(at_least(0.6).hold(0.6));
    EXPECT_FALSE(at_least(0.6).hold(0.599));
    EXPECT_TRUE(between(0.95, 1.1).hold(1.1));
    EXPECT_FALSE(between(0.95, 1.1).hold(1.11));
    EXPECT_FALSE(at_most(0).hold(1));
    EXPECT_TRUE(report_of(1, at_least(1)).all_kept());
    EXPECT_FALSE(report_of(0.9, at_least(1)).all_kept());
}

TEST(Cases, AreSummedUpWhereTheyHaveTheFigure) {
    const auto cases = report_of(1, {}).sets[0].cases;
    EXPECT_EQ(mean_of(cases, "a"), 3);
    EXPECT_EQ(mean_of(cases, "b"), 1);
    EXPECT_EQ(least_of(cases, "a"), 2);
    EXPECT_EQ(most_of(cases, "a"), 4);
    EXPECT_EQ(with(cases, "a", 4).size(), 1U);
    EXPECT_EQ(mean_of(cases, "c"), 0);
}

TEST(Cases, KeepTheirOrderWhoeverWorksOnThem) {
    const auto cases = run_cases(40, 3, 4, [](int index) {
        Case one;
        one.badness = index;
        return one;
    });
    ASSERT_EQ(cases.size(), 14U);
    for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(cases[i].badness, 3.0 * static_cast<double>(i));
}

TEST(Page, IsOneFileThatHoldsItsPictures) {
    const testing::TempDir folder;
    ASSERT_TRUE(write_page(report_of(0.9, at_least(1)), folder.path()));
    const std::string page = testing::read_file(folder.path() / "imaging.html");
    EXPECT_THAT(page, HasSubstr("data:image/jpeg;base64,/9j/"));
    EXPECT_THAT(page, HasSubstr("an &lt;operation&gt;"));
    EXPECT_THAT(page, HasSubstr("missed"));
    EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "imaging/set-1.png"));
}

TEST(Results, OfAnEarlierRunTellWhatGotWorse) {
    const testing::TempDir folder;
    const auto earlier = folder.path() / "results.json";
    ASSERT_TRUE(write_results(report_of(1.00, at_least(0.5)), earlier));
    EXPECT_TRUE(regressions(report_of(0.99, at_least(0.5)), earlier)->empty());
    EXPECT_EQ(regressions(report_of(0.97, at_least(0.5)), earlier)->size(), 1U);
    EXPECT_EQ(regressions(report_of(1.03, at_most(2)), earlier)->size(), 1U);
    EXPECT_TRUE(regressions(report_of(0.97, at_most(2)), earlier)->empty());
    EXPECT_EQ(regressions(report_of(1.05, between(0.9, 1.1)), earlier)->size(), 1U);
}

TEST(Results, ThatAreNoneAreRefused) {
    const testing::TempDir folder;
    const auto path = folder.path() / "results.json";
    const Report report = report_of(1, {});
    EXPECT_FALSE(regressions(report, path)) << "not there";
    for (const char* text : {"", "{}", "[1,2]", R"({"promises":[{"operation":"a"}]})", R"({"promises":[7]})",
                             R"({"promises":[{"operation":"a","figure":"b","value":"c"}]})"}) {
        testing::write_file(path, text);
        EXPECT_FALSE(regressions(report, path)) << text;
    }
}

}  // namespace
}  // namespace darkroom::bench
