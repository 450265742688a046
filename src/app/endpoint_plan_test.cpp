#include "app/endpoint_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace darkroom::app {
namespace {

using ::testing::HasSubstr;

TEST(EndpointPlan, WithoutWordsItIsAPlatformThatBehaves) {
    const auto plan = plan_endpoint({});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->listen, "127.0.0.1:0");
    EXPECT_EQ(plan->settings.id, "ep-local");
    EXPECT_EQ(plan->settings.worker_key, "local-worker-key");
    EXPECT_EQ(plan->settings.jobs.run_retention, Milliseconds(1'800'000));
    EXPECT_TRUE(plan->faults.empty());
}

TEST(EndpointPlan, TakesFaultsAndSettings) {
    EndpointWords words;
    words.id = "ep-1";
    words.time_scale = "60";
    words.faults = {"webhook_drop=0.5", "run_429=#3-7:2"};
    words.settings = {"cold_start_ms=3000", "gpu=NVIDIA L4"};
    const auto plan = plan_endpoint(words);
    ASSERT_TRUE(plan) << plan.error();
    EXPECT_EQ(plan->settings.time_scale, 60);
    EXPECT_EQ(plan->settings.fleet.cold_start, Milliseconds(3'000));
    EXPECT_EQ(plan->settings.gpu, "NVIDIA L4");
    ASSERT_EQ(plan->faults.size(), 2u);
    EXPECT_EQ(plan->faults[1], std::make_pair(std::string("run_429"), std::string("#3-7:2")));
}

TEST(EndpointPlan, WhatIsWrongIsSaidWithWhatThereIs) {
    const auto error = [](const EndpointWords& words) {
        const auto plan = plan_endpoint(words);
        return plan ? std::string("accepted") : plan.error();
    };
    EXPECT_THAT(error({.id = "serverless"}), HasSubstr("--endpoint"));
    EXPECT_THAT(error({.id = "a/b"}), HasSubstr("--endpoint"));
    EXPECT_THAT(error({.client_key = ""}), HasSubstr("key"));
    for (const auto* scale : {"0", "0.5", "x", "-1", "nan", "1e9", ""})
        EXPECT_THAT(error({.time_scale = scale}), HasSubstr("--time-scale")) << scale;
    EXPECT_THAT(error({.faults = {"webhook_drp=0.1"}}), HasSubstr("did you mean \"webhook_drop\""));
    EXPECT_THAT(error({.faults = {"webhook_drop=1.5"}}), HasSubstr("probability"));
    EXPECT_THAT(error({.faults = {"webhook_drop"}}), HasSubstr("NAME=WHEN"));
    EXPECT_THAT(error({.settings = {"cold_start=1"}}), HasSubstr("did you mean \"cold_start_ms\""));
    EXPECT_THAT(error({.settings = {"cold_start_ms=-1"}}), HasSubstr("whole number"));
    EXPECT_THAT(error({.settings = {"workers_min=5", "workers_max=2"}}), HasSubstr("workers_min"));
}

}  // namespace
}  // namespace darkroom::app
