// RunPod's own JavaScript SDK against `darkroom endpoint`; the checks are in js/sdk_test.mjs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runpod/endpoint_process.h"

namespace darkroom::runpod {
namespace {

constexpr Milliseconds patience{90'000};

TEST(RunpodJsSdk, DoesAllItCanAgainstTheEndpoint) {
    const std::filesystem::path sdk = DR_RUNPOD_SDK;
    if (!std::filesystem::exists(sdk)) GTEST_SKIP() << sdk << " is missing: ./dev setup test fetches it";
    EndpointProcess endpoint;
    const testing::TempDir home;
    testing::ChildPlan plan;
    plan.program = "/usr/bin/env";
    plan.arguments = {"node", DR_SDK_TEST};
    plan.environment = {{"HOME", home.path().string()},     {"RUNPOD_SDK", sdk.string()},
                        {"BASE_URL", endpoint.base()},      {"ENDPOINT_ID", "ep-local"},
                        {"CLIENT_KEY", "local-client-key"}, {"WORKER_KEY", "local-worker-key"}};
    plan.out_file = home.path() / "out";
    plan.err_file = home.path() / "err";
    testing::ChildProcess child(plan);
    const auto exit = child.wait(patience);
    const auto out = testing::read_file(plan.out_file);
    ASSERT_TRUE(exit) << out << testing::read_file(plan.err_file);
    EXPECT_EQ(exit->code, 0) << out << testing::read_file(plan.err_file);
    EXPECT_THAT(out, ::testing::HasSubstr("ok    streams"));
}

}  // namespace
}  // namespace darkroom::runpod
