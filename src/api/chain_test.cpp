// Chains: what becomes of the steps that a job names, inline or by a recipe's type, and how a wrong one is
// refused.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

using ::testing::HasSubstr;
using Chains = ApiTest;

constexpr const char* packshot = R"("type":"chain","steps":[
    {"id":"cut","type":"bg_remove","params":{"edges":"fine"}},
    {"id":"up","type":"upscale_2k","from":"cut.main"},
    {"id":"page","type":"white_bg_ecomm","params":{"preset":"amazon_main"}}],"keep":["cut.mask"])";

constexpr const char* packshot_recipe = R"(darkroom_recipe: 1
id: packshot
version: 3
type: chain
engine: chain
title: Packshot
steps:
  - { id: cut, type: bg_remove, params: { crop: true } }
  - { id: up, type: upscale_2k, from: cut.main }
expose: { "cut.edges": /edges, "up.target": /size }
output: up.main
keep: [cut.mask]
)";

TEST_F(Chains, EachStepIsAJobWithItsOwnParamsRecipeAndSource) {
    set_backends({"serverless", "local"});
    const auto told = create_job(packshot);
    ASSERT_EQ(told.status, 201) << told.text;
    ASSERT_EQ(store.orders.size(), 1u);
    const auto& order = store.orders[0];
    ASSERT_EQ(order.steps.size(), 3u);
    EXPECT_EQ(order.steps[0].type, "bg_remove");
    EXPECT_EQ(order.steps[0].recipe, "bg_remove.builtin@1");
    EXPECT_EQ(order.steps[0].backend, "serverless");
    EXPECT_THAT(order.steps[0].params_effective_json, HasSubstr(R"("edges":"fine")"));
    const std::vector<core::ChainPlace> places = {{order.job.id, "cut", "", ""},
                                                  {order.job.id, "up", "cut", "main"},
                                                  {order.job.id, "page", "up", "main"}};
    for (std::size_t i = 0; i < places.size(); ++i) EXPECT_EQ(order.steps[i].place, places[i]) << i;
    EXPECT_EQ(order.job.chain_outputs,
              (std::vector<core::ChainOutput>{{"page", "main", "main"}, {"cut", "mask", "cut.mask"}}));
    EXPECT_EQ(order.uploads.size(), 1u);
    EXPECT_EQ(order.job.inputs.size(), 1u);

    EXPECT_EQ(told.at("/type"), "chain");
    EXPECT_EQ(told.at("/steps/1/id"), "up");
    EXPECT_EQ(told.at("/steps/1/job_id"), order.steps[1].id.str());
    EXPECT_EQ(told.at("/steps/1/status"), "QUEUED");
    EXPECT_EQ(told.at("/params/steps/0/params"), R"({"edges":"fine","v":1})");
    EXPECT_EQ(told.at("/params_effective/steps/2/params/preset"), "amazon_main");
    EXPECT_EQ(told.at("/params/keep"), R"(["cut.mask"])");
    EXPECT_EQ(told.at("/recipe"), "null");
}

TEST_F(Chains, AStepWithoutAnIdIsCalledAsItsType) {
    const auto told = create_job(
        R"("type":"chain","steps":[{"type":"bg_remove"},{"type":"upscale_2k","from":"bg_remove.mask"}])");
    ASSERT_EQ(told.status, 201) << told.text;
    EXPECT_EQ(store.orders[0].steps[1].place->from_role, "mask");
}

TEST_F(Chains, WhatIsWrongIsNamedWhereItStands) {
    const std::string cut = R"({"id":"cut","type":"bg_remove"})";
    const std::vector<std::array<std::string, 3>> cases = {
        {"7", "/steps", "validation_failed"},
        {"[]", "/steps", "validation_failed"},
        {"[" + cut + std::string(8, ' ') + ",1]", "/steps/1", "validation_failed"},
        {R"([{"id":"cut"}])", "/steps/0/type", "validation_failed"},
        {R"([{"id":"Cut!","type":"bg_remove"}])", "/steps/0/id", "validation_failed"},
        {R"([{"id":7,"type":"bg_remove"}])", "/steps/0/id", "validation_failed"},
        {R"([{"id":"cut","type":"bg_remve"}])", "/steps/0/type", "unknown_type"},
        {R"([{"id":"cut","type":"chain"}])", "/steps/0/type", "chain_invalid"},
        {R"([{"id":"cut","type":"packshot"}])", "/steps/0/type", "chain_invalid"},
        {R"([{"id":"cut","type":"bg_remove","parms":{}}])", "/steps/0/parms", "unknown_field"},
        {R"([{"id":"cut","type":"bg_remove","params":[]}])", "/steps/0/params", "validation_failed"},
        {R"([{"id":"cut","type":"bg_remove","params":{"edges":"sharp"}}])", "/steps/0/params/edges",
         "params_invalid"},
        {"[" + cut + R"(,{"id":"up","type":"upscale_2k","params":{"targt":1}}])", "/steps/1/params/targt",
         "params_unknown_field"},
        {"[" + cut + "," + cut + "]", "/steps/1/id", "chain_invalid"},
        {R"([{"id":"cut","type":"bg_remove","from":"cut.main"}])", "/steps/0/from", "chain_invalid"},
        {R"([{"id":"up","type":"upscale_2k","from":"cut.main"},)" + cut + "]", "/steps/0/from",
         "chain_invalid"},
        {"[" + cut + R"(,{"id":"up","type":"upscale_2k","from":"cut"}])", "/steps/1/from",
         "validation_failed"},
        {"[" + cut + R"(,{"id":"up","type":"upscale_2k","from":"cut.report"}])", "/steps/1/from",
         "validation_failed"},
        {"[" + cut + R"(,{"id":"up","type":"upscale_2k"},{"id":"b","type":"bg_remove","from":"up.mask"}])",
         "/steps/2/from", "chain_invalid"},
        {"[" + cut + R"(,{"id":"o","type":"object_remove","params":{"region":{"mask":"mask"}}}])",
         "/steps/1/params/region/mask", "params_invalid"},
    };
    set_recipes({{"packshot.yaml", packshot_recipe, std::nullopt}});
    for (const auto& [steps, pointer, code] : cases) {
        const auto told = create_job(R"("type":"chain","steps":)" + steps);
        EXPECT_EQ(told.status, 422) << steps << told.text;
        EXPECT_EQ(told.at("/errors/0/pointer"), pointer) << told.text;
        EXPECT_EQ(told.at("/errors/0/code"), code) << told.text;
    }
    std::string nine = "[";
    for (const char number : std::string("123456789")) {
        if (nine.size() > 1) nine += ',';
        nine.append(R"({"type":"upscale_2k","id":"s)").append(1, number).append("\"}");
    }
    EXPECT_EQ(create_job(R"("type":"chain","steps":)" + nine + "]").at("/pointer"), "/steps");
    for (const auto& [more, pointer] :
         std::vector<std::pair<std::string, std::string>>{{R"("output":"up.main")", "/output"},
                                                          {R"("output":7)", "/output"},
                                                          {R"("keep":"cut.mask")", "/keep"},
                                                          {R"("keep":["cut.mask","cut"])", "/keep/1"},
                                                          {R"("keep":["up.mask"])", "/keep/0"},
                                                          {R"("params":{"edges":"fine"})", "/params"},
                                                          {R"("backend":"pod")", "/backend"}}) {
        std::string request(R"("type":"chain","steps":[)");
        request.append(cut).append("],").append(more);
        EXPECT_EQ(create_job(request).at("/pointer"), pointer) << more;
    }
    EXPECT_TRUE(store.orders.empty());
}

TEST_F(Chains, AllWrongStepsAreNamedAtOnce) {
    const auto told = create_job(
        R"("type":"chain","steps":[{"type":"bg_remove","params":{"edges":7}},{"type":"upscale_2k","params":{"a":1}}])");
    EXPECT_EQ(told.at("/errors/0/pointer"), "/steps/0/params/edges");
    EXPECT_EQ(told.at("/errors/1/pointer"), "/steps/1/params/a");
}

TEST_F(Chains, ARecipeMakesAChainATypeWithTheParamsThatItExposes) {
    set_recipes({{"packshot.yaml", packshot_recipe, std::nullopt}});
    const auto told = create_job(R"("type":"packshot","params":{"edges":"fine","size":1024})");
    ASSERT_EQ(told.status, 201) << told.text;
    const auto& order = store.orders[0];
    ASSERT_EQ(order.steps.size(), 2u);
    EXPECT_THAT(order.steps[0].params_json, HasSubstr(R"("edges":"fine")"));
    EXPECT_THAT(order.steps[0].params_json, HasSubstr(R"("crop":true)"));
    EXPECT_THAT(order.steps[1].params_effective_json, HasSubstr(R"("target":1024)"));
    EXPECT_EQ(order.job.recipe, "packshot@3");
    EXPECT_EQ(order.job.recipe_digest.size(), 64u);
    EXPECT_EQ(told.at("/params"), R"({"edges":"fine","size":1024,"v":1})");
    EXPECT_EQ(told.at("/recipe"), "packshot@3");

    const auto wrong = create_job(R"("type":"packshot","params":{"edges":"blunt"})");
    EXPECT_EQ(wrong.status, 422);
    EXPECT_EQ(wrong.at("/pointer"), "/params/edges");
    EXPECT_EQ(create_job(R"("type":"packshot","params":{"crop":false})").at("/code"), "params_unknown_field");
    EXPECT_EQ(create_job(R"("type":"packshot","steps":[])").at("/pointer"), "/steps");
    EXPECT_EQ(create_job(R"("type":"packshit")").at("/detail"),
              "There is no job type \"packshit\". Did you mean \"packshot\"?");
}

TEST_F(Chains, TheFirstStepHasTheInputsOfTheChain) {
    const auto body = [&](const std::string& steps) {
        return R"({"type":"chain","steps":[)" + steps + R"(],"inputs":[{"upload":")" + ready_upload() +
               R"("},{"upload":")" + ready_upload("m.png") + R"("}]})";
    };
    const auto told = post_job(
        body(R"({"type":"object_remove","params":{"region":{"mask":"mask"}}},{"type":"bg_remove"})"));
    ASSERT_EQ(told.status, 201) << told.text;
    EXPECT_EQ(store.orders[0].job.inputs[1].name, "mask");
    EXPECT_EQ(post_job(body(R"({"type":"bg_remove"},{"type":"upscale_2k"})")).at("/code"), "input_unused");
}

TEST_F(Chains, AFailedChainNamesItsStepAndAStepItsChain) {
    core::Job chain;
    chain.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
    chain.user = *UserId::parse("ann");
    chain.type = "chain";
    chain.status = core::Status::failed;
    chain.error = core::JobError{core::ErrorCode::no_subject, "Step cut: there is nothing."};
    chain.steps = {{"cut", *JobId::parse("22222222-2222-4222-8222-222222222222"), "bg_remove",
                    core::Status::failed, core::JobError{core::ErrorCode::no_subject, "there is nothing."}},
                   {"up", *JobId::parse("33333333-3333-4333-8333-333333333333"), "upscale_2k",
                    core::Status::cancelled, std::nullopt}};
    store.jobs = {chain};
    const auto told = show(chain);
    EXPECT_EQ(told.at("/error/failed_step"), "cut");
    EXPECT_EQ(told.at("/steps/0/error/code"), "no_subject");
    EXPECT_EQ(told.at("/steps/1/error"), "null");
    EXPECT_EQ(told.at("/chain"), "null");

    core::Job step;
    step.id = chain.steps[1].job;
    step.user = chain.user;
    step.place = core::ChainPlace{chain.id, "up", "cut", "main"};
    store.jobs = {step};
    EXPECT_EQ(show(step).at("/chain"), R"({"id":")" + chain.id.str() + R"(","step":"up","from":"cut.main"})");
    EXPECT_EQ(show(step).at("/steps"), "null");
    EXPECT_EQ(show(step).at("/error"), "null");
}

TEST_F(Chains, ShowWhatTheirStepsMade) {
    core::Job chain;
    chain.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
    chain.user = *UserId::parse("ann");
    chain.status = core::Status::succeeded;
    const auto attempt = *AttemptId::parse("44444444-4444-4444-8444-444444444444");
    chain.outputs = {
        {"main", core::ObjectKey::restored(chain.id, attempt, "main", "png"), "image/png", 10, 2, 3, "aa"},
        {"cut.mask", core::ObjectKey::restored(chain.id, attempt, "mask", "png"), "image/png", 5, 2, 3,
         "bb"}};
    store.jobs = {chain};
    const auto told = show(chain);
    EXPECT_EQ(told.at("/outputs/1/role"), "cut.mask");
    EXPECT_THAT(told.at("/output_urls/1"), HasSubstr("https://bucket.example/restored/"));
}

TEST_F(Chains, StepsAreListedByTheirChain) {
    const std::string id = "11111111-1111-4111-8111-111111111111";
    EXPECT_EQ(get("/api/v1/jobs", {{"chain", id}}).status, 200);
    ASSERT_EQ(store.filters.size(), 1u);
    EXPECT_EQ(store.filters[0].chain->str(), id);
    EXPECT_EQ(get("/api/v1/jobs").status, 200);
    EXPECT_FALSE(store.filters[1].chain);
    for (const auto* wrong : {"", "x", "11111111-1111-4111-8111-11111111111"})
        EXPECT_EQ(get("/api/v1/jobs", {{"chain", wrong}}).at("/code"), "bad_filter");
}

}  // namespace
}  // namespace darkroom::api::testing
