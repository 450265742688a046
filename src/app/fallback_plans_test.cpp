// What a job goes on with whose recipe cannot be done where it was sent, by the recipes that ship.
#include "app/fallback_plans.h"

#include <gtest/gtest.h>

#include "app/recipe_graphs.h"
#include "recipes/shipped_recipes.h"

namespace darkroom::app {
namespace {

core::Attempt attempt(int number, const std::string& recipe, const std::string& backend) {
    core::Attempt made;
    made.number = number;
    made.recipe = recipe;
    made.backend = backend;
    return made;
}

class FallbackPlans : public ::testing::Test {
protected:
    FallbackPlans() {
        job.type = "restore";
        job.params_effective_json = R"({"engine":"auto","recipe":null})";
        job.inputs.resize(1);
    }
    /// "restore.builtin@1 local", or "none".
    std::string after_last(const FallbackPlaces& places, bool will_retry = false) const {
        const auto plan = fallback_plans(shelf, places)(job, job.attempts.back(), will_retry);
        return plan ? plan->recipe + " " + plan->backend : "none";
    }

    RecipeShelf shelf{
        std::make_shared<const recipes::RecipeBook>(recipes::shipped_recipes(), recipes::LicencePolicy{})};
    core::Job job;
};

const FallbackPlaces both{{"serverless", "local"}, {}, {}};
const FallbackPlaces foreign{{"serverless", "local"}, {}, {"serverless"}};
const std::string by_workflow = "restore.comfy@1";

TEST_F(FallbackPlans, ARecipeIsTriedOnceForEachWishOfTheOwner) {
    job.attempts = {attempt(1, by_workflow, "serverless"), attempt(2, "restore.builtin@1", "local"),
                    attempt(3, by_workflow, "serverless")};
    EXPECT_EQ(after_last(both), "none");
    job.attempts_forgiven = 2;  // another attempt was asked for
    EXPECT_EQ(after_last(both), "restore.builtin@1 local");
}

TEST_F(FallbackPlans, WhatIsBuiltInGoesToNoWorkersThatRunWorkflowsOnly) {
    job.attempts = {attempt(1, by_workflow, "local")};  // so that serverless would be the better choice
    EXPECT_EQ(after_last(both), "restore.builtin@1 serverless");
    EXPECT_EQ(after_last(foreign), "restore.builtin@1 local");
}

TEST_F(FallbackPlans, AnotherEndpointOfThatKindIsTriedFirst) {
    job.attempts = {attempt(1, by_workflow, "serverless")};
    EXPECT_EQ(after_last({{"serverless", "local"}, {"serverless"}, {}}, true), "none");
    EXPECT_EQ(after_last({{"serverless", "local"}, {"serverless"}, {}}, false), "restore.builtin@1 local");
}

TEST_F(FallbackPlans, ARecipesOwnLimitOfTimeIsFoundByItsDigest) {
    const RecipeGraphs graphs(shelf);
    const auto* recipe = shelf.book()->find(by_workflow);
    ASSERT_NE(recipe, nullptr);
    EXPECT_EQ(graphs.time_limit_of(recipe->digest), Milliseconds(300'000));
    EXPECT_EQ(graphs.time_limit_of(""), std::nullopt);
    EXPECT_EQ(graphs.time_limit_of("0000"), std::nullopt);
}

}  // namespace
}  // namespace darkroom::app
