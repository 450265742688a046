#include "recipes/recipe_choice.h"

#include <gmock/gmock.h>

#include "recipes/recipe_book.h"

namespace darkroom::recipes {
namespace {

Recipe recipe(std::string id, std::string engine, std::vector<std::string> backends, int version = 1) {
    Recipe made;
    made.id = std::move(id);
    made.version = version;
    made.engine = std::move(engine);
    made.backends = std::move(backends);
    return made;
}

/// As a book sorts them: what needs a GPU first.
JobType type() {
    JobType made;
    made.name = "restore";
    made.recipes = {recipe("restore.comfy", "comfyui", {"pod", "serverless"}, 2),
                    recipe("restore.comfy", "comfyui", {"pod"}, 1),
                    recipe("restore.builtin", "builtin", {"local", "serverless"})};
    made.broken = {{"restore.new", 4, "restore", "new.yaml", "id is missing"}};
    return made;
}

boost::json::object effective(const std::string& engine = "auto", const std::string& pin = "") {
    boost::json::object params{{"engine", engine}, {"recipe", nullptr}};
    if (!pin.empty()) params["recipe"] = pin;
    return params;
}

/// "restore.comfy@2 pod", or code and pointer of the problem.
std::string chosen(const JobType& type, const boost::json::object& params, const Places& places) {
    const auto choice = choose_recipe(type, params, places);
    return choice ? choice->recipe->name() + " " + choice->backend
                  : choice.error().code + " " + choice.error().pointer;
}

TEST(RecipeChoice, TheFirstBackendThatHasARecipeDoesIt) {
    const auto all = type();
    EXPECT_EQ(chosen(all, effective(), {{"serverless", "local"}}), "restore.comfy@2 serverless");
    EXPECT_EQ(chosen(all, effective(), {{"pod", "local"}}), "restore.comfy@2 pod");
    EXPECT_EQ(chosen(all, effective(), {{"local"}}), "restore.builtin@1 local");
    EXPECT_EQ(chosen(all, effective("local"), {{"pod", "local"}}), "restore.builtin@1 local");
    EXPECT_EQ(chosen(all, effective("local"), {{"serverless", "local"}}), "restore.builtin@1 serverless");
    EXPECT_EQ(chosen(all, effective("gpu"), {{"local"}}), "recipe_not_found /backend");
    EXPECT_EQ(chosen(all, effective(), {}), "restore.comfy@2 ");
}

TEST(RecipeChoice, ANamedBackendIsTakenOrRefused) {
    const auto all = type();
    EXPECT_EQ(chosen(all, effective(), {{"serverless", "local"}, "local"}), "restore.builtin@1 local");
    EXPECT_EQ(chosen(all, effective(), {{"serverless", "local"}, "pod"}), "recipe_not_found /backend");
    EXPECT_EQ(choose_recipe(all, effective(), {{"serverless", "local"}, "pod"}).error().detail,
              "backend \"pod\" is not set up here; there is serverless, local");
    EXPECT_EQ(chosen(all, effective("local"), {{"pod"}, "pod"}), "recipe_not_found /backend");
}

TEST(RecipeChoice, WhatIsBuiltInGoesWhereDarkroomsOwnWorkersAre) {
    const auto all = type();
    const Places foreign{.set_up = {"serverless", "local"}, .workflows_only = {"serverless"}};
    EXPECT_EQ(chosen(all, effective(), foreign), "restore.comfy@2 serverless");
    EXPECT_EQ(chosen(all, effective("local"), foreign), "restore.builtin@1 local");
    auto named = foreign;
    named.named = "serverless";
    EXPECT_EQ(chosen(all, effective("gpu"), named), "restore.comfy@2 serverless");
    EXPECT_EQ(choose_recipe(all, effective("local"), named).error().detail,
              "no recipe of restore runs on backend \"serverless\", whose workers run workflows only");
    const FallbackRequest request{{"restore.builtin"}, {"restore.comfy@2"}, "pod"};
    EXPECT_EQ(choose_fallback(all, effective(), foreign, request)->backend, "local");
}

TEST(RecipeChoice, APinMeansOneRecipeAndPerhapsItsVersion) {
    const auto all = type();
    EXPECT_EQ(chosen(all, effective("auto", "restore.comfy"), {{"pod"}}), "restore.comfy@2 pod");
    EXPECT_EQ(chosen(all, effective("auto", "restore.comfy@1"), {{"pod"}}), "restore.comfy@1 pod");
    EXPECT_EQ(chosen(all, effective("auto", "restore.comfy@1"), {{"serverless"}}),
              "recipe_not_found /backend");
    EXPECT_EQ(chosen(all, effective("auto", "restore.comfy@3"), {{"pod"}}),
              "recipe_not_found /params/recipe");
    EXPECT_EQ(chosen(all, effective("auto", "restore.comfy@"), {{"pod"}}), "recipe_not_found /params/recipe");
    EXPECT_EQ(chosen(all, effective("local", "restore.comfy"), {{"pod"}}), "recipe_not_found /params/engine");
    EXPECT_EQ(chosen(all, effective("auto", "restore.new"), {{"pod"}}), "recipe_disabled /params/recipe");
    EXPECT_EQ(choose_recipe(all, effective("auto", "restore.new@4"), {{"pod"}}).error().detail,
              "recipe restore.new@4 is disabled: id is missing");
}

TEST(RecipeChoice, ABlockedRecipeIsPassedOverUntilNothingElseIsLeft) {
    auto some = type();
    some.recipes[0].licence = {false, "\"M\" (X) is not for commercial use", {}};
    EXPECT_EQ(chosen(some, effective(), {{"pod"}}), "restore.comfy@1 pod");
    EXPECT_EQ(chosen(some, effective(), {{"serverless"}}), "restore.builtin@1 serverless");
    EXPECT_EQ(chosen(some, effective("gpu"), {{"serverless"}}), "licence_blocked /type");
    EXPECT_EQ(chosen(some, effective("auto", "restore.comfy@2"), {{"pod"}}),
              "licence_blocked /params/recipe");
    EXPECT_EQ(chosen(some, effective("gpu"), {{"local"}}), "recipe_not_found /backend");
}

TEST(RecipeChoice, ARecipeThatNeedsMorePicturesIsForJobsThatHaveThem) {
    auto some = type();
    some.recipes[0].inputs_required = some.recipes[1].inputs_required = 2;
    EXPECT_EQ(chosen(some, effective(), {{"serverless"}}), "restore.builtin@1 serverless");
    EXPECT_EQ(chosen(some, effective(), {{"serverless"}, "", 2}), "restore.comfy@2 serverless");
    EXPECT_EQ(chosen(some, effective("gpu"), {{"serverless"}}), "recipe_not_found /inputs");
}

std::string next(const JobType& type, const boost::json::object& params, const Places& places,
                 const FallbackRequest& request) {
    const auto choice = choose_fallback(type, params, places, request);
    return choice ? choice->recipe->name() + " " + choice->backend : "none";
}

TEST(RecipeChoice, AFallbackIsTriedOnceAndElsewhereIfPossible) {
    const auto all = type();
    const FallbackRequest request{{"restore.gone", "restore.builtin"}, {"restore.comfy@2"}, "serverless"};
    EXPECT_EQ(next(all, effective(), {{"serverless", "local"}}, request), "restore.builtin@1 local");
    EXPECT_EQ(next(all, effective(), {{"serverless"}}, request), "restore.builtin@1 serverless");
    EXPECT_EQ(next(all, effective(), {{"pod"}}, request), "none");
    EXPECT_EQ(next(all, effective("gpu"), {{"local"}}, request), "none");
    EXPECT_EQ(next(all, effective("auto", "restore.comfy"), {{"local"}}, request), "none");
    EXPECT_EQ(next(all, {}, {{"local"}}, request), "none");
    EXPECT_EQ(next(all, effective(), {{"local"}}, {request.fallback, {"restore.builtin@1"}, "local"}),
              "none");
    auto blocked = all;
    blocked.recipes[2].licence.allowed = false;
    EXPECT_EQ(next(blocked, effective(), {{"local"}}, request), "none");
}

TEST(RecipeChoice, AFallbackIsReadFromTheBook) {
    const RecipeBook book({}, {});
    EXPECT_FALSE(fallback_of(book, "restore", "restore.builtin@1", R"({"engine":"auto","recipe":null})",
                             {{"local"}}, {"restore.builtin@1"}, "local"));
    EXPECT_FALSE(fallback_of(book, "gone", "gone@1", "{", {{"local"}}, {}, "local"));
}

}  // namespace
}  // namespace darkroom::recipes
