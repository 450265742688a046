#include "app/worker_settings.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace darkroom::app {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Values = std::map<std::string, std::string>;

Values complete() {
    return {{"RUNPOD_WEBHOOK_GET_JOB", "http://127.0.0.1:1/v2/ep/job-take/$ID?gpu=A"},
            {"RUNPOD_WEBHOOK_POST_OUTPUT", "http://127.0.0.1:1/v2/ep/job-done/$RUNPOD_POD_ID/$ID?gpu=A"},
            {"RUNPOD_POD_ID", "worker-1"},
            {"RUNPOD_AI_API_KEY", "key as it stands"}};
}

SettingProblems problems_of(const Values& more) {
    auto values = complete();
    for (const auto& [name, value] : more) values[name] = value;
    const auto plan = read_worker_settings(Environment(values), false);
    return plan ? SettingProblems{} : plan.error();
}

TEST(WorkerSettings, RunPodsOwnEnvironmentIsEnough) {
    const auto plan = read_worker_settings(Environment(complete()), false);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->worker.worker_id, "worker-1");
    EXPECT_EQ(plan->worker.authorization, "key as it stands");
    EXPECT_EQ(plan->worker.ping_interval, Milliseconds(10'000));
    EXPECT_EQ(plan->worker.concurrency, 1);
    EXPECT_FALSE(plan->worker.private_urls);
    EXPECT_FALSE(plan->worker.callback_secret);
    EXPECT_EQ(plan->grace, Milliseconds(60'000));
}

TEST(WorkerSettings, AWorkerWithoutANameDrawsOne) {
    auto values = complete();
    values.erase("RUNPOD_POD_ID");
    const auto one = read_worker_settings(Environment(values), false);
    const auto other = read_worker_settings(Environment(values), false);
    ASSERT_TRUE(one && other);
    EXPECT_NE(one->worker.worker_id, other->worker.worker_id);
}

TEST(WorkerSettings, AComfyuiOnThisMachineIsToldByItsHost) {
    EXPECT_FALSE(read_worker_settings(Environment(complete()), false)->comfy) << "none without a word of it";
    const std::vector<std::pair<std::string, std::string>> table = {
        {"127.0.0.1:8188", "http://127.0.0.1:8188"},
        {"localhost", "http://localhost:8188"},
        {"https://comfy.internal/base", "https://comfy.internal/base"}};
    for (const auto& [host, url] : table) {
        auto values = complete();
        values["COMFY_HOST"] = host;
        values["COMFY_ORG_API_KEY"] = "key-1";
        values["DARKROOM_COMFY_START_S"] = "20";
        values["DARKROOM_COMFY_TIMEOUT_S"] = "30";
        const auto plan = read_worker_settings(Environment(values), false);
        ASSERT_TRUE(plan && plan->comfy) << host;
        EXPECT_EQ(plan->comfy->runner.client.base_url, url);
        EXPECT_EQ(plan->comfy->runner.client.client_id, "dr-worker-1");
        EXPECT_EQ(plan->comfy->runner.client.api_node_key, "key-1");
        EXPECT_EQ(plan->comfy->runner.ready_patience, Milliseconds(20'000));
        EXPECT_EQ(plan->worker.workflow_limit, Milliseconds(30'000));
        EXPECT_FALSE(plan->comfy->bucket);
    }
    for (const std::string host : {"http://", "two words", "http://user@host:1"})
        EXPECT_THAT(problems_of({{"COMFY_HOST", host}}), Contains(HasSubstr("COMFY_HOST"))) << host;
    EXPECT_THAT(problems_of({{"COMFY_HOST", "127.0.0.1"}, {"COMFY_OUTPUT_DIR", "/does/not/exist"}}),
                Contains(HasSubstr("COMFY_OUTPUT_DIR")));
}

TEST(WorkerSettings, ABucketIsNamedAsRunPodsOwnWorkersNameIt) {
    auto values = complete();
    values["COMFY_HOST"] = "127.0.0.1";
    values["BUCKET_ENDPOINT_URL"] = "https://mine.s3.eu-central-1.amazonaws.com";
    EXPECT_THAT(read_worker_settings(Environment(values), false).error(),
                Contains(HasSubstr("BUCKET_ACCESS_KEY_ID")));
    values["BUCKET_ACCESS_KEY_ID"] = "id";
    values["BUCKET_SECRET_ACCESS_KEY"] = "secret";
    const auto plan = read_worker_settings(Environment(values), false);
    ASSERT_TRUE(plan && plan->comfy && plan->comfy->bucket);
    EXPECT_THAT(plan->comfy->bucket->bucket, ::testing::MatchesRegex("[01][0-9]-[0-9][0-9]"))
        << "month and year";
    EXPECT_EQ(plan->comfy->bucket->region, "eu-central-1");
    values["BUCKET_NAME"] = "results";
    values["BUCKET_ENDPOINT_URL"] = "http://127.0.0.1:9000";
    const auto other = read_worker_settings(Environment(values), false);
    ASSERT_TRUE(other) << other.error().front();
    EXPECT_EQ(other->comfy->bucket->bucket, "results");
    EXPECT_EQ(other->comfy->bucket->region, "us-east-1");
}

TEST(WorkerSettings, AllProblemsAreToldAtOnceAndNoSecretWithThem) {
    EXPECT_THAT(problems_of({{"CALLBACK_SECRET", "tooshort"},
                             {"RUNPOD_PING_INTERVAL", "10s"},
                             {"DARKROOM_WORKER_CONCURRENCY", "0"},
                             {"DARKROOM_VOLUME_DIR", "/does/not/exist"},
                             {"RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "maybe"},
                             {"DARKROOM_WORKER_UNCLAIMED", "guess"},
                             {"RUNPOD_POD_ID", "a/b"},
                             {"RUNPOD_AI_API_KEY", "two\r\nlines"}}),
                AllOf(::testing::SizeIs(8), Contains(StartsWith("CALLBACK_SECRET must be")),
                      Not(Contains(HasSubstr("tooshort"))), Not(Contains(HasSubstr("lines")))));
    EXPECT_THAT(problems_of({{"RUNPOD_WEBHOOK_GET_JOB", ""}, {"RUNPOD_WEBHOOK_POST_OUTPUT", ""}}),
                ::testing::SizeIs(2));
    EXPECT_THAT(problems_of({{"RUNPOD_WEBHOOK_GET_JOB", "ftp://nowhere/job-take/$ID"}}),
                ::testing::SizeIs(1));
}

TEST(WorkerSettings, OneJobAloneNeedsNoEndpointAndAVolumeIsWhereItIsMounted) {
    const testing::TempDir folder;
    const auto plan =
        read_worker_settings(Environment(Values{{"DARKROOM_VOLUME_DIR", folder.path().string()}}), true);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->worker.volume_dir, folder.path());
}

}  // namespace
}  // namespace darkroom::app
