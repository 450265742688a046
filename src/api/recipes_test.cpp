// Types and recipes of files: what GET /types tells of them, and which one a job gets.
#include <gmock/gmock.h>

#include "api/api_fixture.h"
#include "recipes/recipe_fixture.h"

namespace darkroom::api::testing {
namespace {

namespace fixture = recipes::fixture;
using ::testing::HasSubstr;
using Recipes = ApiTest;

recipes::RecipeText own(const std::string& yaml) { return {"mine.yaml", yaml, fixture::workflow}; }

std::string of_model(const std::string& commercial) {
    auto yaml = fixture::recipe();
    yaml.replace(yaml.find("commercial: yes"), 15, "commercial: " + commercial);
    return yaml;
}

TEST_F(Recipes, AnOperatorsTypeIsToldWithItsRecipesAndCanBeAskedFor) {
    set_backends({"serverless", "local"});
    set_recipes({own(fixture::recipe("", "cost: { base_mc: 2000, per_mp_mc: 500 }\n"))});
    const auto type = call(ports::HttpMethod::get, "/api/v1/types/{word}", admin, {}, {}, {"my_type"});
    ASSERT_EQ(type.status, 200) << type.text;
    EXPECT_EQ(type.at("/recipes/0/recipe"), "my.recipe@2");
    EXPECT_EQ(type.at("/recipes/0/engine"), "comfyui");
    EXPECT_EQ(type.at("/recipes/0/usable"), "true");
    EXPECT_EQ(type.at("/recipes/0/backends"), R"(["serverless"])");
    EXPECT_EQ(type.at("/recipes/0/price"), R"({"base_mc":2000,"per_mp_mc":500})");
    EXPECT_EQ(type.at("/recipes/0/models/0/licence"), "MIT");
    EXPECT_EQ(type.at("/params_schema/properties/strength/default"), "5E-1");

    const auto told = create_job(R"("type":"my_type","params":{"strength":0.25})");
    ASSERT_EQ(told.status, 201) << told.text;
    EXPECT_EQ(store.jobs[0].backend, "serverless");
    EXPECT_EQ(store.jobs[0].recipe, "my.recipe@2");
    EXPECT_EQ(store.jobs[0].recipe_digest.size(), 64u);
    EXPECT_THAT(store.jobs[0].models_json, HasSubstr("MIT"));
    EXPECT_EQ(told.at("/recipe_digest"), store.jobs[0].recipe_digest);
}

TEST_F(Recipes, APictureLargerThanTheRecipeTakesIsRefusedBeforeAnyWork) {
    set_backends({"serverless", "local"});
    set_recipes({own(fixture::recipe("", "limits: { max_input_mp: 0.05 }\n"))});
    const auto with = [&](std::uint32_t width, std::uint32_t height) {
        return post_job(R"({"type":"my_type","inputs":[{"upload":")" + ready_upload("p.png", width, height) +
                        "\"}]}");
    };
    EXPECT_EQ(with(250, 200).status, 201);
    const auto told = with(251, 200);
    EXPECT_EQ(told.status, 413);
    EXPECT_EQ(told.at("/code"), "input_too_large");
    EXPECT_EQ(told.at("/errors/0/pointer"), "/inputs/0");
    EXPECT_EQ(told.at("/detail"),
              "The picture has 251 x 200 pixels; the recipe takes 0.05 megapixels at most.");
    EXPECT_EQ(store.jobs.size(), 1u);
}

TEST_F(Recipes, ABlockedLicenceIsShownAndNeverChosen) {
    set_backends({"serverless", "local"});
    set_recipes({own(of_model("no"))});
    const auto type = call(ports::HttpMethod::get, "/api/v1/types/{word}", admin, {}, {}, {"my_type"});
    EXPECT_EQ(type.at("/recipes/0/usable"), "false");
    EXPECT_EQ(type.at("/recipes/0/licence/allowed"), "false");
    EXPECT_NE(type.at("/recipes/0/reason"), "null");
    const auto told = create_job(R"("type":"my_type")");
    EXPECT_EQ(told.status, 422);
    EXPECT_EQ(told.at("/code"), "licence_blocked");
    EXPECT_TRUE(store.jobs.empty());
}

TEST_F(Recipes, ARecipeWhoseBackendIsNotSetUpSaysSo) {
    set_recipes({own(fixture::recipe())});
    const auto type = call(ports::HttpMethod::get, "/api/v1/types/{word}", admin, {}, {}, {"my_type"});
    EXPECT_EQ(type.at("/recipes/0/reason"), "It runs on a backend that is not set up here.");
    EXPECT_EQ(create_job(R"("type":"my_type")").at("/code"), "recipe_not_found");
}

TEST_F(Recipes, AnUnknownTypeIsToldWithTheNearest) {
    EXPECT_EQ(create_job(R"("type":"bg_remve")").at("/detail"),
              "There is no job type \"bg_remve\". Did you mean \"bg_remove\"?");
    const auto type = call(ports::HttpMethod::get, "/api/v1/types/{word}", admin, {}, {}, {"bg_remve"});
    EXPECT_EQ(type.status, 404);
    EXPECT_THAT(type.at("/detail"), HasSubstr("bg_remove"));
    EXPECT_EQ(create_job("\"type\":\"" + std::string(100'000, 'x') + "\"").status, 422);
}

TEST_F(Recipes, AReloadedBookCountsForTheNextJob) {
    set_backends({"serverless"});
    EXPECT_EQ(create_job(R"("type":"my_type")").at("/code"), "unknown_type");
    set_recipes({own(fixture::recipe())});
    EXPECT_EQ(create_job(R"("type":"my_type")").status, 201);
}

}  // namespace
}  // namespace darkroom::api::testing
