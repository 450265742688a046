// What a recipe says of its network, read strictly.
#include "imaging/networks/stage_plan.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace darkroom::imaging {
namespace {

Result<StagePlan, std::string> read(const std::string& text) {
    return read_stage_plan(parse_json(text)->as_object());
}

TEST(StagePlan, ARecipesWordsForAMattingNetworkAreUnderstood) {
    const auto plan = read(R"({"stage":"coarse_mask","sha256":"ab","runtime":["opencv","ort"],
        "input":{"name":null,"size":[320,320],"layout":"NCHW","order":"BGR","scale":0.00392157,
                 "divide_by_max":true,"mean":[0.485,0.456,0.406],"std":[0.229,0.224,0.225]},
        "output":{"index":0,"channel":0,"activation":"none","normalise":"minmax"},
        "tile":{"size":0,"overlap":0},"selftest":{"fixture":"disc_on_grey","min_iou":0.8}})");
    ASSERT_TRUE(plan) << plan.error();
    EXPECT_EQ(plan->kind, StageKind::coarse_mask);
    EXPECT_EQ(plan->size, cv::Size(320, 320));
    EXPECT_TRUE(plan->bgr && plan->divide_by_max && plan->minmax && !plan->sigmoid);
    EXPECT_EQ(plan->mean[1], 0.456);
    EXPECT_EQ(plan->deviation[2], 0.225);
    EXPECT_EQ(plan->min_iou, 0.8);
}

TEST(StagePlan, TheStageAloneIsEnough) {
    for (const std::string stage : {"coarse_mask", "alpha", "inpaint", "upscale_x4"}) {
        const auto plan = read(R"({"stage":")" + stage + R"("})");
        ASSERT_TRUE(plan) << plan.error();
        EXPECT_EQ(name_of(plan->kind), stage);
        EXPECT_DOUBLE_EQ(plan->scale, 1.0 / 255);
    }
}

TEST(StagePlan, WhatIsWrongIsNamedAndNothingIsGuessed) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({})", "stage"},
        {R"({"stage":"segment"})", "stage"},
        {R"({"stage":7})", "stage"},
        {R"({"stage":"alpha","meen":1})", "meen"},
        {R"({"stage":"alpha","input":[]})", "input"},
        {R"({"stage":"alpha","input":{"size":[320]}})", "input.size"},
        {R"({"stage":"alpha","input":{"size":[320,0]}})", "input.size"},
        {R"({"stage":"alpha","input":{"size":[99999,320]}})", "input.size"},
        {R"({"stage":"alpha","input":{"mean":[0,"x",0]}})", "input.mean"},
        {R"({"stage":"alpha","input":{"std":[0,1,1]}})", "input.std"},
        {R"({"stage":"alpha","input":{"layout":"HWC"}})", "input.layout"},
        {R"({"stage":"alpha","output":{"channel":1.5}})", "output.channel"},
        {R"({"stage":"alpha","output":{"channel":-1}})", "output.channel"},
        {R"({"stage":"alpha","output":{"activation":"tanh"}})", "output.activation"},
        {R"({"stage":"upscale_x4","tile":{"size":32,"overlap":16}})", "tile.overlap"},
        {R"({"stage":"alpha","selftest":{"min_iou":2}})", "selftest.min_iou"},
        {R"({"stage":"alpha","selftest":{"fixture":"cat"}})", "selftest.fixture"},
    };
    for (const auto& [text, wrong] : cases) {
        const auto plan = read(text);
        ASSERT_FALSE(plan) << text;
        EXPECT_EQ(plan.error(), wrong) << text;
    }
}

}  // namespace
}  // namespace darkroom::imaging
