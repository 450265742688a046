// Where a job runs: as it asks, else as the operator has it; and what it tells on its way there.
#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

using BackendChoice = ApiTest;
using JobProgress = ApiTest;
using Readiness = ApiTest;

TEST_F(BackendChoice, AJobThatAsksForNoneGetsTheFirstThatIsSetUp) {
    set_backends({"serverless", "local"});
    for (const auto* more : {"", R"(,"backend":null)", R"(,"backend":"serverless")"}) {
        const auto created = create(more);
        ASSERT_EQ(created.status, 201) << created.text;
        EXPECT_EQ(created.at("/backend"), "serverless");
        EXPECT_EQ(store.jobs.back().backend, "serverless");
    }
    EXPECT_EQ(create(R"(,"backend":"local")").at("/backend"), "local");
}

TEST_F(BackendChoice, WhatIsNotSetUpIsRefusedAndSaysWhatIs) {
    const auto refused = create(R"(,"backend":"serverless")");
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.at("/code"), "recipe_not_found");
    EXPECT_EQ(refused.at("/errors/0/pointer"), "/backend");
    EXPECT_EQ(refused.at("/errors/0/detail"), "backend \"serverless\" is not set up here; there is local.");
    for (const auto* backend : {R"("pod")", R"("")", R"("Local")", R"(7)", R"({})"})
        EXPECT_EQ(create(R"(,"backend":)" + std::string(backend)).status, 422) << backend;
    EXPECT_EQ(create(R"(,"backend":")" + std::string(100'000, 'x') + "\"").status, 422);
    EXPECT_TRUE(store.jobs.empty());
}

TEST_F(BackendChoice, WhatIsBuiltInIsNotSentToWorkersThatRunWorkflowsOnly) {
    set_backends({"serverless", "local"});
    settings.workflows_only = {"serverless"};
    EXPECT_EQ(create("").at("/backend"), "local");
    const auto refused = create(R"(,"backend":"serverless")");
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.at("/code"), "recipe_not_found");
    EXPECT_EQ(refused.at("/errors/0/detail"),
              "no recipe of bg_remove runs on backend \"serverless\", whose workers run workflows only.");
    EXPECT_EQ(get("/api/v1/types").at("/types/0/backends"), R"(["local"])");
}

TEST_F(BackendChoice, TypesTellWhatIsSetUpInTheOrderOfPreference) {
    set_backends({"serverless", "local"});
    const auto types = get("/api/v1/types");
    EXPECT_EQ(types.at("/types/0/backends"), R"(["serverless","local"])");
    EXPECT_EQ(
        call(ports::HttpMethod::get, "/api/v1/types/{word}", admin, {}, {}, {"bg_remove"}).at("/backends"),
        R"(["serverless","local"])");
}

TEST_F(BackendChoice, WithThisMachineAloneTypesTellNoOther) {
    EXPECT_EQ(get("/api/v1/types").at("/types/0/backends"), R"(["local"])");
}

core::Job job_with(core::Status status, const std::string& waiting_for = {}) {
    core::Job job;
    job.id = *JobId::parse("11111111-1111-4111-8111-111111111111");
    job.user = *UserId::parse("ann");
    job.type = "bg_remove";
    job.backend = "serverless";
    job.status = status;
    if (status == core::Status::queued) return job;
    core::Attempt attempt;
    attempt.number = 1;
    attempt.backend = "serverless";
    attempt.endpoint = "eu-cz";
    attempt.status = status;
    attempt.waiting_for = waiting_for;
    job.attempts.push_back(attempt);
    return job;
}

TEST_F(JobProgress, AnOpenJobTellsWhatItWaitsForAndAnEndedOneNothing) {
    using core::Status;
    const std::vector<std::pair<core::Job, std::string>> stages = {
        {job_with(Status::queued), "queue"},
        {job_with(Status::dispatched), "queue"},
        {job_with(Status::dispatched, "cold_start"), "cold_start"},
        {job_with(Status::dispatched, "capacity"), "capacity"},
        {job_with(Status::dispatched, "workers"), "workers"},
        {job_with(Status::running, "cold_start"), "running"},
    };
    for (const auto& [job, stage] : stages) {
        store.jobs = {job};
        EXPECT_EQ(show(job).at("/progress"), "{\"stage\":\"" + stage + "\"}");
    }
    for (const auto status : {Status::succeeded, Status::failed, Status::cancelled}) {
        store.jobs = {job_with(status, "cold_start")};
        EXPECT_EQ(show(store.jobs[0]).at("/progress"), "null");
    }
}

TEST_F(JobProgress, AnAttemptTellsItsRemoteSide) {
    auto job = job_with(core::Status::succeeded);
    auto& attempt = job.attempts[0];
    attempt.remote_id = "0b6f2f5e-u1";
    attempt.delay = Milliseconds(98'000);
    attempt.execution = Milliseconds(3'391);
    attempt.cost_micro_usd = 1'051;
    attempt.gpu = "RTX 4090";
    attempt.completed_via = "webhook";
    store.jobs = {job};
    const auto told = show(job);
    EXPECT_EQ(told.at("/attempts/0/remote_id"), "0b6f2f5e-u1");
    EXPECT_EQ(told.at("/attempts/0/delay_ms"), "98000");
    EXPECT_EQ(told.at("/attempts/0/execution_ms"), "3391");
    EXPECT_NE(told.text.find(R"("cost_usd":0.001051,)"), std::string::npos) << told.text;
    EXPECT_EQ(told.at("/attempts/0/gpu"), "RTX 4090");
    EXPECT_EQ(told.at("/attempts/0/completed_via"), "webhook");
}

TEST_F(JobProgress, WorkOnThisMachineHasNoPrice) {
    auto job = job_with(core::Status::succeeded);
    job.attempts[0].backend = "local";
    store.jobs = {job};
    const auto told = show(job);
    EXPECT_EQ(told.at("/attempts/0/cost_usd"), "null");
    EXPECT_EQ(told.at("/attempts/0/gpu"), "null");
    EXPECT_EQ(told.at("/attempts/0/remote_id"), "null");
}

TEST_F(Readiness, ATroubleWithRunpodDegradesAndOnlyAnAdminHearsWhy) {
    EXPECT_EQ(get("/readyz", {}, "").at("/status"), "ready");
    dispatcher.dispatch = "eu-cz: the key was refused\nspend cap of 20 USD reached";
    const auto ready = get("/readyz", {}, "");
    EXPECT_EQ(ready.status, 200) << "jobs are still taken";
    EXPECT_EQ(ready.at("/status"), "degraded");
    EXPECT_EQ(ready.at("/checks/2"), R"({"name":"dispatch","status":"failed"})");
    EXPECT_EQ(ready.text.find("key"), std::string::npos);
    const auto round = call(ports::HttpMethod::post, "/api/v1/dispatcher", admin);
    EXPECT_EQ(round.at("/troubles"), R"(["eu-cz: the key was refused","spend cap of 20 USD reached"])");
    EXPECT_EQ(call(ports::HttpMethod::post, "/api/v1/dispatcher", "a user's key").status, 403);
}

}  // namespace
}  // namespace darkroom::api::testing
