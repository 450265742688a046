#include "recipes/fill.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "recipes/canonical_json.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string binding(const std::string& rest) { return "  - { " + rest + " }\n"; }

class Fill : public testing::Test {
protected:
    Fill() {
        request.params = {{"strength", 0.5}, {"faces", "off"}, {"words", ""}, {"seed", 41}};
        request.inputs = {{"image", "dr-7-0.png"}};
        request.job_id = "7";
        request.input_sha256 = "abc";
    }

    Result<FilledWorkflow, FillProblem> filled(const std::string& binds, const std::string& more = "") {
        const auto read = read_recipe(fixture::recipe(binds, more));
        EXPECT_TRUE(read.findings.empty()) << fixture::told(read.findings);
        return fill(*read.recipe, *Workflow::parse(fixture::workflow), request);
    }
    /// What stands at an input afterwards, as JSON; or the failure's code.
    std::string at(const std::string& pointer, const std::string& binds) {
        const auto result = filled(binds);
        if (!result) return result.error().code;
        const auto workflow = Workflow::parse(canonical_json(result->nodes));
        return canonical_json(*workflow->at(*workflow->resolve(pointer)));
    }

    FillRequest request;
};

TEST_F(Fill, WritesWhatIsBoundAndTouchesNothingElse) {
    const auto result = filled(binding("param: strength, pointer: /3/inputs/denoise"));
    ASSERT_TRUE(result.ok()) << result.error().detail;
    auto expected = parse_json(fixture::workflow)->as_object();
    expected["3"].as_object()["inputs"].as_object()["seed"] = 41;
    expected["3"].as_object()["inputs"].as_object()["denoise"] = 0.5;
    expected["60"].as_object()["inputs"].as_object()["filename_prefix"] = "dr-7";
    expected["78"].as_object()["inputs"].as_object()["image"] = "dr-7-0.png";
    EXPECT_EQ(canonical_json(result->nodes), canonical_json(expected));
    EXPECT_TRUE(result->warnings.empty());
}

TEST_F(Fill, StepsFollowOneOrder) {
    const auto denoise = [&](const std::string& steps) {
        return at("/3/inputs/denoise",
                  binding("param: strength, pointer: /3/inputs/denoise, type: number, " + steps));
    };
    EXPECT_EQ(denoise("scale: 3, offset: 0.25"), "1.75");
    EXPECT_EQ(denoise("scale: 3, offset: 0.25, round: 0.5"), "2");
    EXPECT_EQ(denoise("scale: 3, offset: 0.25, round: int, clamp: [0, 1.5]"), "1.5");
    EXPECT_EQ(denoise("clamp: [0.6, 1]"), "0.6");
    EXPECT_EQ(denoise("scale: -1, clamp: [-0.2, 0]"), "-0.2");
    EXPECT_EQ(
        at("/6/inputs/text", binding("param: strength, pointer: /6/inputs/text, type: string, scale: 100, "
                                     "round: int, format: '{} %'")),
        "\"50 %\"");
    EXPECT_EQ(
        at("/3/inputs/denoise",
           binding("param: faces, pointer: /3/inputs/denoise, map: {'off': 0.0, light: 0.4}, offset: 0.5")),
        "0.5");
    EXPECT_EQ(
        at("/3/inputs/steps", binding("param: strength, pointer: /3/inputs/steps, type: integer, scale: 40")),
        "20");
}

TEST_F(Fill, SeedsKeepEveryDigit) {
    request.params["seed"] = 9007199254740991;
    EXPECT_EQ(at("/3/inputs/seed", ""), "9007199254740991");
    request.params["seed"] = 18446744073709551615ull;
    EXPECT_EQ(at("/3/inputs/seed", ""), "18446744073709551615");
}

TEST_F(Fill, ASeedThatWasNotDrawnIsAFailureAndOtherNullsLeaveTheWorkflowsValue) {
    request.params["strength"] = nullptr;
    EXPECT_EQ(at("/3/inputs/denoise", binding("param: strength, pointer: /3/inputs/denoise")), "0.7");
    request.params["seed"] = nullptr;
    EXPECT_EQ(at("/3/inputs/seed", ""), "params_invalid");
}

TEST_F(Fill, ValuesThatDoNotFitAreFailures) {
    request.params["strength"] = "much";
    EXPECT_EQ(at("/3/inputs/denoise", binding("param: strength, pointer: /3/inputs/denoise")),
              "params_invalid");
    request.params["strength"] = 0.55;
    EXPECT_EQ(at("/3/inputs/steps", binding("param: strength, pointer: /3/inputs/steps, type: integer")),
              "params_invalid");
    request.params["faces"] = "huge";
    EXPECT_EQ(at("/3/inputs/denoise",
                 binding("param: faces, pointer: /3/inputs/denoise, map: {'off': 0, light: 1}")),
              "params_invalid");
    request.params["strength"] = 1e300;
    EXPECT_EQ(at("/3/inputs/denoise", binding("param: strength, pointer: /3/inputs/denoise, scale: 1e15")),
              "params_invalid");
}

TEST_F(Fill, AUsersTextIsAValueWhateverItHoldsAndHasALimit) {
    request.params["words"] = R"("},"99":{"class_type":"Evil {} %s ${HOME}"})";
    const auto result = filled(binding(
        "param: words, pointer: /6/inputs/text, user_text: true, max_length: 60, format: 'photo, {}'"));
    ASSERT_TRUE(result.ok()) << result.error().detail;
    EXPECT_EQ(result->nodes.size(), 5u);
    EXPECT_EQ(result->nodes.at("6").at("inputs").at("text"),
              R"(photo, "},"99":{"class_type":"Evil {} %s ${HOME}"})");
    std::string letters;
    for (int i = 0; i < 60; ++i) letters += "é";
    request.params["words"] = letters;
    EXPECT_TRUE(
        filled(binding("param: words, pointer: /6/inputs/text, user_text: true, max_length: 60")).ok());
    request.params["words"] = letters + "e";
    EXPECT_EQ(at("/6/inputs/text",
                 binding("param: words, pointer: /6/inputs/text, user_text: true, max_length: 60")),
              "params_invalid");
}

TEST_F(Fill, AMissingPictureIsAFailureUnlessItIsOptional) {
    request.inputs.clear();
    EXPECT_EQ(filled("").error().code, "input_missing");
    auto text = fixture::recipe();
    text.replace(text.find("/78/inputs/image }"), 18, "/78/inputs/image, required: false }");
    const auto result = fill(*read_recipe(text).recipe, *Workflow::parse(fixture::workflow), request);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->nodes.at("78").at("inputs").at("image"), "in.png");
}

TEST_F(Fill, WhatTheClientSetInVainIsWarnedOfRefusedOrIgnored) {
    request.sent = {{"strength", 1}, {"seed", 3}, {"quality", 90}, {"v", 1}};
    EXPECT_THAT(filled("")->warnings, ElementsAre(HasSubstr("param_unbound: \"strength\"")));
    EXPECT_EQ(filled("", "unbound: error\n").error().code, "params_invalid");
    EXPECT_TRUE(filled("", "unbound: ignore\n")->warnings.empty());
}

TEST_F(Fill, AGraphThatChangedSinceLintIsRefusedBeforeItIsSent) {
    const auto recipe = *read_recipe(fixture::recipe()).recipe;
    auto other = fixture::workflow;
    other.replace(other.find("KSampler"), 8, "KSlumber");
    EXPECT_EQ(fill(recipe, *Workflow::parse(other), request).error().code, "workflow_rejected");
    auto linked = fixture::workflow;
    linked.replace(linked.find("\"seed\":5"), 8, "\"seed\":[\"4\",0]");
    EXPECT_EQ(fill(recipe, *Workflow::parse(linked), request).error().code, "workflow_rejected");
}

TEST_F(Fill, BothWorkersGetTheirInput) {
    const boost::json::object nodes = {{"1", 2}};
    EXPECT_EQ(canonical_json(worker_input("volume_files", nodes, {{"a.png", "AAAA"}})),
              R"({"workflow_api":{"1":2}})");
    EXPECT_EQ(canonical_json(worker_input("worker_comfyui", nodes, {{"a.png", "AAAA"}})),
              R"({"images":[{"image":"AAAA","name":"a.png"}],"workflow":{"1":2}})");
}

}  // namespace
}  // namespace darkroom::recipes
