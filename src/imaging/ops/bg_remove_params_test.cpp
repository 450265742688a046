#include "imaging/ops/bg_remove_params.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace darkroom::imaging {
namespace {

BgRemoveParams read(const char* text) { return read_bg_remove_params(boost::json::parse(text).as_object()); }

TEST(BgRemoveParams, NothingGivenMeansTheDocumentedDefaults) {
    const BgRemoveParams params = read("{}");
    EXPECT_EQ(params.edges, Edges::automatic);
    EXPECT_EQ(params.halo, HaloMode::automatic);
    EXPECT_EQ(params.shadow.mode, ShadowMode::none);
    EXPECT_DOUBLE_EQ(params.shadow.opacity, 0.35);
    EXPECT_FALSE(params.background.has_value());
    EXPECT_FALSE(params.roi.has_value());
    EXPECT_TRUE(params.semitransparency);
    EXPECT_TRUE(params.respect_existing_alpha);
    EXPECT_FALSE(params.fail_on_low_confidence);
}

TEST(BgRemoveParams, EveryKeyIsRead) {
    const BgRemoveParams params =
        read(R"({"v":1,"edges":"hard","halo":{"mode":"strong","shrink_px":-2.5,"feather_px":3},
        "shadow":{"mode":"soft","opacity":0.5,"blur":0.1,"offset":[-0.1,0.2],"light":{"x":0.4,"y":-1,"z":1.5,"size":1},"color":"#102030"},
        "background":"#FFEEdd","crop":true,"margin":[0.1,0.2,0.3,0.4],"roi":[0.1,0.2,0.5,0.6],"channels":"alpha",
        "semitransparency":false,"existing_alpha":"discard","min_confidence":0.7,"on_low_confidence":"fail"})");
    EXPECT_EQ(params.edges, Edges::hard);
    EXPECT_EQ(params.halo, HaloMode::strong);
    EXPECT_DOUBLE_EQ(params.shrink_px, -2.5);
    EXPECT_DOUBLE_EQ(params.feather_px, 3);
    EXPECT_EQ(params.shadow.mode, ShadowMode::soft);
    EXPECT_EQ(params.shadow.offset, cv::Point2d(-0.1, 0.2));
    EXPECT_DOUBLE_EQ(params.shadow.light.z, 1.5);
    EXPECT_DOUBLE_EQ(params.shadow.light_size, 1);
    EXPECT_EQ(params.shadow.color, cv::Vec3b(0x10, 0x20, 0x30));
    EXPECT_EQ(params.background, cv::Vec3b(0xFF, 0xEE, 0xDD));
    EXPECT_TRUE(params.crop);
    EXPECT_EQ(params.margin, (std::array<double, 4>{0.1, 0.2, 0.3, 0.4}));
    EXPECT_EQ(params.roi, cv::Rect2d(0.1, 0.2, 0.5, 0.6));
    EXPECT_TRUE(params.alpha_only);
    EXPECT_FALSE(params.semitransparency);
    EXPECT_FALSE(params.respect_existing_alpha);
    EXPECT_TRUE(params.fail_on_low_confidence);
}

TEST(BgRemoveParams, TheSubjectDecidesTheEdgesOnlyWhereTheyAreLeftOpen) {
    EXPECT_EQ(read(R"({"subject":"animal"})").edges, Edges::fine);
    EXPECT_EQ(read(R"({"subject":"graphic","edges":"auto"})").edges, Edges::hard);
    EXPECT_EQ(read(R"({"subject":"person","edges":"hard"})").edges, Edges::hard);
}

TEST(BgRemoveParams, MistypedAndWildValuesNeverDoMoreThanTheirLimits) {
    const BgRemoveParams params =
        read(R"({"halo":"what","margin":0.2,"roi":[1,2],"background":"#12345","crop":"yes",
        "shadow":{"blur":1e9,"opacity":-4,"offset":["a",7]},"min_confidence":"high"})");
    EXPECT_EQ(params.halo, HaloMode::automatic);
    EXPECT_EQ(params.margin, (std::array<double, 4>{}));
    EXPECT_FALSE(params.roi.has_value());
    EXPECT_FALSE(params.background.has_value());
    EXPECT_FALSE(params.crop);
    EXPECT_DOUBLE_EQ(params.shadow.blur, 0.15);
    EXPECT_DOUBLE_EQ(params.shadow.opacity, 0);
    EXPECT_EQ(params.shadow.offset, cv::Point2d(0, 0.5));
}

}  // namespace
}  // namespace darkroom::imaging
