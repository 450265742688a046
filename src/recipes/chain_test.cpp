#include "recipes/chain.h"

#include <gmock/gmock.h>

#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using fixture::codes;
using fixture::told;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

RecipeFindings lint(const std::string& rest) {
    return lint_recipe(
        read_recipe("darkroom_recipe: 1\nid: packshot\nversion: 1\ntype: packshot\nengine: chain\n" + rest),
        std::nullopt);
}

std::string steps(const std::string& inner) { return "steps:\n" + inner; }

constexpr const char* two =
    "  - { id: cut, type: bg_remove, params: { v: 1 } }\n"
    "  - { id: up, type: upscale_2k, from: cut.main }\n";

TEST(Chain, AWholeChainHasNoFindingsAndIsRead) {
    const std::string text =
        steps(two) + "expose: { \"cut.edges\": /edges }\noutput: up.main\nkeep: [cut.mask]\n";
    EXPECT_THAT(codes(lint(text)), IsEmpty()) << told(lint(text));
    const auto recipe =
        read_recipe("darkroom_recipe: 1\nid: packshot\nversion: 1\ntype: packshot\nengine: chain\n" + text)
            .recipe;
    ASSERT_TRUE(recipe && recipe->chain);
    EXPECT_EQ(recipe->chain->steps.at(1).from, (StepOutput{"cut", "main"}));
    EXPECT_EQ(recipe->chain->exposed.at("edges"), (std::pair<std::string, std::string>("cut", "edges")));
    EXPECT_EQ(recipe->chain->keep.at(0).text(), "cut.mask");
}

struct Wrong {
    std::string text;
    const char* code;
};

TEST(Chain, WhatCannotRunIsToldWithItsCode) {
    std::string nine;
    for (int i = 0; i < 9; ++i) nine += "  - { id: s" + std::to_string(i) + ", type: upscale_2k }\n";
    const Wrong all[] = {
        {"", "missing_key"},
        {"steps: []\n", "chain_invalid"},
        {"steps: 5\n", "wrong_type"},
        {steps(nine), "chain_invalid"},
        {steps("  - { id: a, type: bg_remove, from: a.main }\n"), "chain_invalid"},
        {steps("  - { id: a, type: bg_remove, from: b.main }\n  - { id: b, type: bg_remove }\n"),
         "chain_invalid"},
        {steps("  - { id: a, type: bg_remove }\n  - { id: a, type: bg_remove }\n"), "chain_invalid"},
        {steps("  - { id: a, type: chain }\n"), "chain_invalid"},
        {steps("  - { id: a.b, type: bg_remove }\n"), "wrong_value"},
        {steps("  - { id: a, type: bg_remove, from: a }\n"), "wrong_value"},
        {steps("  - { id: a, type: bg_remove, params: [1] }\n"), "wrong_type"},
        {steps("  - { id: a, type: bg_remove, params: { edgs: hard } }\n"), "params_unknown_field"},
        {steps("  - { id: a, type: bg_remove, params: { edges: blunt } }\n"), "params_invalid"},
        {steps("  - { id: a, type: bg_remvoe }\n"), "type_unknown"},
        {steps("  - { id: a, type: bg_remove, form: b }\n"), "unknown_key"},
        {steps(two) + "output: none.main\n", "chain_invalid"},
        {steps(two) + "output: up.picture\n", "wrong_value"},
        {steps(two) + "keep: [main]\n", "wrong_value"},
        {steps(two) + "expose: { \"none.edges\": /edges }\n", "chain_invalid"},
        {steps(two) + "expose: { edges: /edges }\n", "wrong_value"},
        {steps(two) + "expose: { \"cut.v\": /v }\n", "bind_twice"},
        {steps(two) + "expose: { \"cut.edges\": /e, \"cut.crop\": /e }\n", "bind_twice"},
        {steps(two) + "expose: { \"cut.wings\": /w }\n", "param_unknown"},
        {steps(two) + "workflow: { file: a.json }\n", "wrong_value"},
    };
    for (const auto& wrong : all)
        EXPECT_THAT(codes(lint(wrong.text)), Contains(wrong.code)) << wrong.text << told(lint(wrong.text));
    EXPECT_THAT(told(lint(steps("  - { id: a, type: bg_remvoe }\n"))),
                HasSubstr("did you mean \"bg_remove\"?"));
}

TEST(Chain, OnlyChainsHaveSteps) {
    EXPECT_THAT(codes(fixture::lint(fixture::recipe("", "steps: []\n"))), Contains("unknown_key"));
}

}  // namespace
}  // namespace darkroom::recipes
