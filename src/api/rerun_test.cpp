// Another attempt at a job, and the choice between attempts: what reaches the store, what is refused before.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

using ports::HttpMethod;
using ::testing::HasSubstr;

class Reruns : public ApiTest {
protected:
    core::Job& ended_job() {
        core::Job job;
        job.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
        job.user = *UserId::parse("ann");
        job.type = "upscale_2k";
        job.status = core::Status::succeeded;
        job.params_json = R"({"target":512,"v":1})";
        core::InputImage image;
        image.name = "shoe.png";
        image.width = 64;
        image.height = 48;
        job.inputs = {image};
        store.jobs = {job};
        return store.jobs.front();
    }
    Told rerun(const std::string& body, const std::string& key = "a user's key") {
        return call(HttpMethod::post, "/api/v1/jobs/{uuid}/attempts", key, {}, body,
                    {"11111111-1111-4111-8111-111111111111"});
    }
    Told select(const std::string& body) {
        return call(HttpMethod::put, "/api/v1/jobs/{uuid}/selected_attempt", "a user's key", {}, body,
                    {"11111111-1111-4111-8111-111111111111"});
    }
};

TEST_F(Reruns, OtherParamsMakeAPlanOfTheirOwn) {
    set_backends({"serverless", "local"});
    ended_job();
    const auto told = rerun(R"({"params":{"target":1024},"backend":"local"})");
    ASSERT_EQ(told.status, 202) << told.text;
    EXPECT_EQ(told.at("/id"), "11111111-1111-4111-8111-111111111111");
    ASSERT_EQ(store.reruns.size(), 1u);
    EXPECT_EQ(store.reruns[0].backend, "local");
    EXPECT_EQ(store.reruns[0].recipe, "upscale_2k.builtin@1");
    EXPECT_EQ(store.reruns[0].params_json, R"({"target":1024,"v":1})");
    EXPECT_THAT(store.reruns[0].params_effective_json, HasSubstr(R"("target":1024)"));
}

TEST_F(Reruns, WithoutParamsTheJobsOwnAreTakenAgain) {
    ended_job();
    for (const auto* body : {"", "{}", R"({"params":null,"backend":null})"}) {
        EXPECT_EQ(rerun(body).status, 202) << body;
        EXPECT_EQ(store.reruns.back().params_json, R"({"target":512,"v":1})");
    }
}

TEST_F(Reruns, AJobWhoseTypeHasBecomeAChainIsLeftAsItIs) {
    set_recipes({{"twice.yaml", R"(darkroom_recipe: 1
id: twice
version: 1
type: chain
engine: chain
title: Twice
steps:
  - { id: cut, type: bg_remove }
  - { id: up, type: upscale_2k, from: cut.main }
output: up.main
)",
                  std::nullopt}});
    auto& job = ended_job();
    job.type = "twice";
    job.params_json = R"({"v":1})";
    const auto told = rerun("");
    EXPECT_EQ(told.status, 409) << told.text;
    EXPECT_EQ(told.at("/code"), "not_for_chains");
    EXPECT_TRUE(store.reruns.empty());
}

TEST_F(Reruns, WrongRequestsAreNamedAndNothingIsDone) {
    ended_job();
    const std::vector<std::array<std::string, 3>> cases = {
        {R"({"params":{"target":"huge"}})", "/params/target", "params_invalid"},
        {R"({"params":{"targt":1}})", "/params/targt", "params_unknown_field"},
        {R"({"params":{"v":99}})", "/params/v", "params_version_unsupported"},
        {R"({"params":[]})", "/params", "validation_failed"},
        {R"({"backend":7})", "/backend", "validation_failed"},
        {R"({"backend":""})", "/backend", "validation_failed"},
        {R"({"backend":"pod"})", "/backend", "recipe_not_found"},
        {R"({"param":{}})", "/param", "unknown_field"},
        {R"({"type":"bg_remove"})", "/type", "unknown_field"},
        {"[]", "", "validation_failed"},
    };
    for (const auto& [body, pointer, code] : cases) {
        const auto told = rerun(body);
        EXPECT_EQ(told.status, 422) << body;
        EXPECT_EQ(told.at("/pointer"), pointer) << told.text;
        EXPECT_EQ(told.at("/code"), code) << told.text;
    }
    EXPECT_EQ(rerun("{").at("/code"), "malformed_json");
    EXPECT_EQ(rerun(R"({"params":{"target":512,"target":513}})").at("/code"), "malformed_json");
    EXPECT_EQ(rerun("{}", "nobody's key").status, 401);
    EXPECT_TRUE(store.reruns.empty());
}

TEST_F(Reruns, AJobThatCannotHaveAnotherAttemptSaysWhy) {
    auto& job = ended_job();
    for (const auto status : {core::Status::queued, core::Status::dispatched, core::Status::running}) {
        job.status = status;
        const auto told = rerun("{}");
        EXPECT_EQ(told.status, 409);
        EXPECT_EQ(told.at("/code"), "not_ended");
        EXPECT_EQ(told.at("/job_status"), core::to_string(status));
    }
    job.status = core::Status::failed;
    EXPECT_EQ(rerun("{}").status, 202) << "a failed job may have another attempt";
    job.inputs_removed_at = TimePoint{};
    EXPECT_EQ(rerun("{}").status, 410);
    EXPECT_EQ(rerun("{}").at("/code"), "inputs_removed");
    job.inputs_removed_at.reset();
    job.steps.push_back({});
    EXPECT_EQ(rerun("{}").at("/code"), "not_for_chains");
    job.steps.clear();
    job.place = core::ChainPlace{job.id, "up", "cut", "main"};
    EXPECT_EQ(rerun("{}").at("/code"), "not_for_chains");
    job.place.reset();
    job.type = "was_there_once";
    EXPECT_EQ(rerun("{}").at("/code"), "unknown_type");
    EXPECT_EQ(store.reruns.size(), 1u);
}

TEST_F(Reruns, WhatTheStoreSeesLaterCounts) {
    ended_job();
    store.rerun_outcome = ports::NotAllowedNow{core::Status::queued};
    EXPECT_EQ(rerun("{}").at("/code"), "not_ended");
    store.rerun_outcome = ports::InputsRemoved{};
    EXPECT_EQ(rerun("{}").status, 410);
    store.jobs.clear();
    EXPECT_EQ(rerun("{}").status, 404);
}

TEST_F(Reruns, AMaskCanOnlyBeAnInputThatTheJobHas) {
    auto& job = ended_job();
    job.type = "object_remove";
    EXPECT_EQ(rerun(R"({"params":{"region":{"mask":"mask"}}})").at("/code"), "input_missing");
    job.inputs.push_back(job.inputs.front());
    job.inputs[1].name = "wires";
    EXPECT_EQ(rerun(R"({"params":{"region":{"mask":"mask"}}})").at("/code"), "input_missing");
    EXPECT_EQ(rerun(R"({"params":{"region":{"mask":"wires"}}})").status, 202);
    EXPECT_EQ(rerun(R"({"params":{"region":{"boxes":[[0,0,1,1]]}}})").status, 202);
}

TEST_F(Reruns, AnAttemptIsChosenByItsId) {
    auto& job = ended_job();
    const std::string attempt = "44444444-4444-4444-8444-444444444444";
    EXPECT_EQ(select(R"({"attempt_id":")" + attempt + "\"}").status, 200);
    ASSERT_EQ(store.selected.size(), 1u);
    EXPECT_EQ(store.selected[0].str(), attempt);

    store.select_outcome = ports::NoSuchAttempt{};
    EXPECT_EQ(select(R"({"attempt_id":")" + attempt + "\"}").status, 404);
    store.select_outcome = ports::AttemptWithoutResult{};
    EXPECT_EQ(select(R"({"attempt_id":")" + attempt + "\"}").at("/code"), "attempt_without_result");
    job.steps.push_back({});
    store.select_outcome = ports::NoSuchAttempt{};
    EXPECT_EQ(select(R"({"attempt_id":")" + attempt + "\"}").at("/code"), "not_for_chains");
    store.selected.clear();
    for (const auto* body : {"", "{}", R"({"attempt_id":1})", R"({"attempt_id":"1"})",
                             R"({"attempt_id":null})", R"({"attempt":"x"})", "[]"})
        EXPECT_EQ(select(body).status, 422) << body;
    EXPECT_EQ(select("nonsense").status, 400);
    EXPECT_TRUE(store.selected.empty());
}

TEST_F(Reruns, EveryAttemptTellsItsModelsItsThumbnailAndWhatItMade) {
    auto& job = ended_job();
    core::Attempt attempt;
    attempt.id = *AttemptId::parse("44444444-4444-4444-8444-444444444444");
    attempt.backend = "serverless";
    attempt.status = core::Status::succeeded;
    attempt.recipe = "restore.comfy@1";
    attempt.recipe_digest = "abc";
    attempt.models_json = R"([{"name":"SDXL"}])";
    attempt.thumbnail = core::ObjectKey::thumbnail(job.id);
    attempt.outputs = {
        {"main", core::ObjectKey::restored(job.id, attempt.id, "main", "png"), "image/png", 1, 2, 3, "aa"}};
    job.attempts = {attempt};
    const auto told = show(job);
    EXPECT_EQ(told.at("/attempts/0/recipe_digest"), "abc");
    EXPECT_EQ(told.at("/attempts/0/models/0/name"), "SDXL");
    EXPECT_THAT(told.at("/attempts/0/thumbnail_url"), HasSubstr("https://bucket.example/thumbnails/"));
    EXPECT_THAT(told.at("/attempts/0/outputs/0/url"), HasSubstr("https://bucket.example/restored/"));
    EXPECT_EQ(told.at("/attempts/0/cost_usd"), "null") << "what is not known yet is not nothing";
    job.outputs_removed_at = TimePoint{};
    EXPECT_EQ(show(job).at("/attempts/0/thumbnail_url"), "null");
    EXPECT_EQ(show(job).at("/attempts/0/outputs/0/url"), "null");
}

TEST_F(Reruns, AStepIsSteeredWithItsChain) {
    auto& job = ended_job();
    job.place = core::ChainPlace{*JobId::parse("22222222-2222-4222-8222-222222222222"), "up", "cut", "main"};
    store.cancel_outcome = ports::NotAllowedNow{core::Status::running};
    store.requeue_outcome = ports::NotAllowedNow{core::Status::failed};
    for (const auto* action : {"cancel", "retry"}) {
        const auto told = call(HttpMethod::post, "/api/v1/jobs/{uuid}/" + std::string(action), "a user's key",
                               {}, {}, {job.id.str()});
        EXPECT_EQ(told.at("/code"), "not_for_chains") << told.text;
        EXPECT_THAT(told.at("/detail"), HasSubstr("22222222-2222-4222-8222-222222222222"));
    }
}

}  // namespace
}  // namespace darkroom::api::testing
