#include "recipes/recipe_onnx.h"

#include <gmock/gmock.h>

#include "recipes/recipe_book.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using fixture::codes;
using fixture::told;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string digest(64, 'c');

std::string recipe(const std::string& onnx, const std::string& type = "bg_remove") {
    return "darkroom_recipe: 1\nid: cut.net\nversion: 1\ntype: " + type +
           "\ntitle: Cut by a network\nengine: onnx\nmodels: [{ role: matting, name: N, file: n.onnx, "
           "sha256: " +
           digest + ", licence: MIT, commercial: yes }]\nonnx: " + onnx + "\n";
}

const std::string whole =
    "{ runtime: [opencv, ort], stage: coarse_mask, input: { name: null, size: [320, 320], layout: NCHW, "
    "order: RGB, "
    "scale: 0.00392157, divide_by_max: true, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }, "
    "output: { index: 0, channel: 0, activation: none, normalise: minmax }, tile: { size: 0, overlap: 0 }, "
    "selftest: { fixture: disc_on_grey, min_iou: 0.9 } }";

RecipeFindings lint(const std::string& yaml) { return lint_recipe(read_recipe(yaml), std::nullopt); }

TEST(RecipeOnnx, AWholeRecipeIsReadyForThisMachineAlone) {
    EXPECT_THAT(codes(lint(recipe(whole))), IsEmpty()) << told(lint(recipe(whole)));
    const RecipeBook book({{"n.yaml", recipe(whole)}}, {});
    const auto* ready = book.find("cut.net@1");
    ASSERT_NE(ready, nullptr);
    ASSERT_TRUE(ready->file.onnx && ready->file.network());
    EXPECT_EQ(ready->file.onnx->stage, "coarse_mask");
    EXPECT_EQ(ready->file.onnx->plan.at("input").at("size").at(0), 320);
    EXPECT_EQ(ready->file.onnx->plan.at("input").at("divide_by_max"), true);
    EXPECT_EQ(ready->file.network()->file, "n.onnx");
    EXPECT_THAT(book.types().find("bg_remove")->recipes.front().backends, ElementsAre("local"));
}

TEST(RecipeOnnx, AStageAloneIsEnough) {
    EXPECT_THAT(codes(lint(recipe("{ stage: alpha }"))), IsEmpty());
    EXPECT_THAT(codes(lint(recipe("{ stage: inpaint }", "object_remove"))), IsEmpty());
    EXPECT_THAT(codes(lint(recipe("{ stage: upscale_x4, tile: { size: 192, overlap: 16 } }", "upscale_2k"))),
                IsEmpty());
}

TEST(RecipeOnnx, WhatIsWrongIsNamedWithItsPlace) {
    const std::pair<const char*, const char*> cases[] = {
        {"{}", "stage is missing"},
        {"[]", "onnx must be a mapping"},
        {"{ stage: segment }", "stage"},
        {"{ stage: alpha, meen: 1 }", "unknown key \"meen\""},
        {"{ stage: alpha, runtime: [ort] }", "must name opencv"},
        {"{ stage: alpha, input: { size: [320] } }", "onnx.input.size must be a list of 2 whole numbers"},
        {"{ stage: alpha, input: { size: [320, 0] } }", "has one side of 0"},
        {"{ stage: alpha, input: { size: [1.5, 2] } }", "onnx.input.size"},
        {"{ stage: alpha, input: { size: [99999, 2] } }", "onnx.input.size"},
        {"{ stage: alpha, input: { mean: [0, x, 0] } }", "onnx.input.mean"},
        {"{ stage: alpha, input: { std: [0, 1, 1] } }", "onnx.input.std"},
        {"{ stage: alpha, input: { layout: HWC } }", "layout"},
        {"{ stage: alpha, output: { channel: 1.5 } }", "channel"},
        {"{ stage: alpha, output: { activation: tanh } }", "activation"},
        {"{ stage: alpha, tile: { size: 32, overlap: 16 } }", "less than half"},
        {"{ stage: alpha, selftest: { min_iou: 2 } }", "min_iou"},
        {"{ stage: inpaint }", "\"bg_remove\" has no stage \"inpaint\""},
    };
    for (const auto& [onnx, expected] : cases) {
        const auto findings = lint(recipe(onnx));
        EXPECT_TRUE(has_errors(findings)) << onnx;
        EXPECT_THAT(told(findings), HasSubstr(expected)) << onnx;
    }
}

TEST(RecipeOnnx, TheNetworkIsOneFileBesideTheRecipeAndKnownByItsDigest) {
    const auto with = [](const std::string& from, const std::string& to) {
        auto yaml = recipe("{ stage: alpha }");
        yaml.replace(yaml.find(from), from.size(), to);
        return codes(lint(yaml));
    };
    EXPECT_THAT(with(", sha256: " + digest, ""), ElementsAre("missing_key"));
    EXPECT_THAT(with(", file: n.onnx", ""), ElementsAre("network_missing"));
    for (const auto* name : {"../n.onnx", "/n.onnx", ".n.onnx", "n.pt", "a/n.onnx", "-n.onnx"})
        EXPECT_THAT(with("file: n.onnx", std::string("file: ") + name), ElementsAre("wrong_value")) << name;
    EXPECT_THAT(with("engine: onnx", "targets: [runpod]\nengine: onnx"), Contains("wrong_value"));
    EXPECT_THAT(with("engine: onnx", "engine: onnx\nbuiltin: { op: bg_remove }"), Contains("wrong_value"));
}

TEST(RecipeOnnx, AResultIsPutBackThroughTheRegionWhereThereIsOne) {
    const auto with_post = [](const std::string& type, const std::string& post) {
        auto yaml = fixture::recipe("", post + "\n");
        yaml.replace(yaml.find("type: my_type"), 13, "type: " + type);
        return codes(lint_recipe(read_recipe(yaml), fixture::workflow));
    };
    const auto* post = "post: [{ op: composite_through_region }]";
    EXPECT_THAT(with_post("object_remove", post), testing::Not(Contains("wrong_value")));
    EXPECT_THAT(with_post("restore", post), Contains("wrong_value"));
    EXPECT_THAT(with_post("object_remove", "post: [{ op: fit_size }]"), Contains("wrong_value"));
    EXPECT_THAT(with_post("object_remove", "post: [{}]"), Contains("missing_key"));
}

TEST(RecipeOnnx, ARecipeOfABuiltInTypeTakesTheParamsOfToday) {
    auto yaml = recipe("{ stage: alpha }");
    yaml += "params_v: [2]\n";
    EXPECT_THAT(codes(lint(yaml)), ElementsAre("params_version_unsupported"));
}

}  // namespace
}  // namespace darkroom::recipes
