#include "recipes/order_graph.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::recipes {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string more =
    "worker: worker_comfyui\n"
    "unbound: warn\n";

RecipeBook book(const std::string& yaml) { return RecipeBook({{"a.yaml", yaml, fixture::workflow}}, {}); }

std::string with_mask() {
    auto yaml = fixture::recipe("", more);
    const std::string one = "outputs: [{ role: main, node: \"60\" }]";
    yaml.replace(
        yaml.find(one), one.size(),
        "outputs: [{ role: main, node: \"60\" }, { role: preview, node: \"title:Prompt\", optional: true }]");
    return yaml;
}

GraphRequest request() {
    return {R"({"strength":1,"v":1})",
            R"({"engine":"auto","faces":"off","recipe":null,"seed":9,"strength":1,"v":1,"words":""})",
            {"dr-1-0.png"},
            "1",
            "ab"};
}

TEST(OrderGraph, HoldsTheValuesOfTheAttemptAndTellsWhereItsPicturesComeOut) {
    const auto all = book(with_mask());
    ASSERT_NE(all.find("my.recipe@2"), nullptr);
    const auto graph = order_graph(*all.find("my.recipe@2"), request());
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    const auto nodes = parse_json(graph->graph_json);
    EXPECT_EQ(nodes->at("78").at("inputs").at("image"), "dr-1-0.png");
    EXPECT_EQ(nodes->at("3").at("inputs").at("seed"), 9);
    EXPECT_EQ(nodes->at("60").at("inputs").at("filename_prefix"), "dr-1");
    EXPECT_EQ(nodes->at("3").at("inputs").at("denoise"), 0.7);
    EXPECT_THAT(graph->role_of_node, ElementsAre(Pair("6", "preview"), Pair("60", "main")));
    EXPECT_THAT(graph->optional_roles, ElementsAre("preview"));
    EXPECT_EQ(graph->worker, "worker_comfyui");
    EXPECT_THAT(graph->warnings, ElementsAre(HasSubstr("param_unbound: \"strength\"")));
}

TEST(OrderGraph, TheSameOrderGivesTheSameText) {
    const auto all = book(with_mask());
    EXPECT_EQ(order_graph(*all.find("my.recipe@2"), request())->graph_json,
              order_graph(*all.find("my.recipe@2"), request())->graph_json);
}

TEST(OrderGraph, WhatCannotBeFilledIsTheAttemptsError) {
    const auto all = book(with_mask());
    const auto& recipe = *all.find("my.recipe@2");
    auto no_picture = request();
    no_picture.inputs.clear();
    EXPECT_EQ(order_graph(recipe, no_picture).error().code, core::ErrorCode::input_missing);
    auto no_seed = request();
    no_seed.params_effective_json = R"({"seed":null})";
    EXPECT_EQ(order_graph(recipe, no_seed).error().code, core::ErrorCode::params_invalid);
    auto broken = request();
    broken.params_json = "[";
    EXPECT_EQ(order_graph(recipe, broken).error().code, core::ErrorCode::params_invalid);
    broken.params_json = "[]";
    EXPECT_EQ(order_graph(recipe, broken).error().code, core::ErrorCode::params_invalid);
}

TEST(OrderGraph, ARecipeWithoutAWorkflowHasNone) {
    ReadyRecipe chain;
    chain.file.id = "c";
    const auto graph = order_graph(chain, request());
    EXPECT_EQ(graph.error().code, core::ErrorCode::workflow_rejected);
}

}  // namespace
}  // namespace darkroom::recipes
