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
