#include "recipes/recipe_skeleton.h"

#include <gmock/gmock.h>

#include "base/digest.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using testing::HasSubstr;

std::string skeleton_of(const std::string& workflow) {
    return recipe_skeleton(*Workflow::parse(workflow), "mine", "mine.json", to_hex(sha256(workflow)));
}

TEST(RecipeSkeleton, PassesLintButForTheModelsThatAPersonHasToName) {
    const auto text = skeleton_of(fixture::workflow);
    const auto findings = fixture::lint(text);
    EXPECT_THAT(fixture::codes(findings), testing::ElementsAre("models_missing"))
        << text << fixture::told(findings);
}

TEST(RecipeSkeleton, BindsPicturesSeedsPrefixesAndTheUsualNumbers) {
    const auto text = skeleton_of(fixture::workflow);
    EXPECT_THAT(text, HasSubstr("image: { pointer: \"/78/inputs/image\", as: uploaded_name }"));
    EXPECT_THAT(text, HasSubstr("{ param: seed, pointer: \"/3/inputs/seed\", type: integer }"));
    EXPECT_THAT(
        text,
        HasSubstr("{ param: denoise, pointer: \"/3/inputs/denoise\", type: number, clamp: [0.0, 1.0] }"));
    EXPECT_THAT(text, HasSubstr("steps: { type: integer, minimum: 1, maximum: 100, default: 20 }"));
    EXPECT_THAT(text, HasSubstr("{ role: main, node: \"60\" }"));
    EXPECT_THAT(text, HasSubstr("#   /4/inputs/ckpt_name  CheckpointLoaderSimple  \"a.safetensors\""));
}

TEST(RecipeSkeleton, SeveralSamplersAndPicturesGetNamesOfTheirOwn) {
    const std::string two = R"({
      "1":{"class_type":"KSampler","inputs":{"seed":1,"denoise":5}},
      "2":{"class_type":"KSampler","inputs":{"noise_seed":1,"denoise":0.2}},
      "3":{"class_type":"LoadImage","inputs":{"image":"a.png"}},
      "4":{"class_type":"LoadImageMask","inputs":{"image":"b.png"}},
      "5":{"class_type":"PreviewImage","inputs":{}},
      "6":{"class_type":"SaveImage","inputs":{"filename_prefix":"a"}},
      "7":{"class_type":"SaveImage","inputs":{"filename_prefix":"b"}}})";
    const auto findings = fixture::lint(skeleton_of(two), two);
    EXPECT_THAT(fixture::codes(findings), testing::ElementsAre("models_missing"))
        << skeleton_of(two) << fixture::told(findings);
    EXPECT_THAT(skeleton_of(two), HasSubstr("denoise_2"));
    EXPECT_THAT(skeleton_of(two), HasSubstr("image_2"));
}

TEST(RecipeSkeleton, NamesAndTextsOfAWorkflowCannotBreakOutOfTheYaml) {
    const std::string hostile =
        R"({"1\n  x: y # \"":{"class_type":"SaveImage\n\"bad: {","inputs":{"filename_prefix":"a","text\nb":"line\nbreak\u001b[2J",
             "a\u2028b\u0085c\ufeff":"\u2029 - x\u009b\u007f"},"_meta":{"title":"\u2028a"}}})";
    const auto findings = fixture::lint(skeleton_of(hostile), hostile);
    EXPECT_FALSE(has_errors(findings)) << skeleton_of(hostile) << fixture::told(findings);
    EXPECT_EQ(skeleton_of(hostile).find('\x1b'), std::string::npos);
}

TEST(RecipeSkeleton, AGraphWithoutAnythingToBindSaysSo) {
    const std::string bare = R"({"1":{"class_type":"A","inputs":{}}})";
    EXPECT_THAT(skeleton_of(bare), HasSubstr("no node saves a picture"));
    EXPECT_THAT(fixture::codes(fixture::lint(skeleton_of(bare), bare)), testing::Contains("output_missing"));
}

TEST(RecipeSkeleton, AnyFileNameBecomesAnId) {
    EXPECT_EQ(id_from("My Workflow (API)"), "my_workflow__api_");
    EXPECT_EQ(id_from("../../x"), "_.._x");
    EXPECT_EQ(id_from(""), "recipe");
    EXPECT_EQ(id_from("..."), "recipe");
    EXPECT_EQ(id_from(std::string(100, 'a')).size(), 64u);
}

}  // namespace
}  // namespace darkroom::recipes
