#include "runpod/scale/endpoint_advice.h"

#include <gtest/gtest.h>

namespace darkroom::runpod::scale {
namespace {

EndpointDescription usual() {
    EndpointDescription endpoint;
    endpoint.workers_max = 5;
    endpoint.idle_timeout = Milliseconds(10'000);
    endpoint.gpu_pools = {"ADA_24"};
    endpoint.data_centers = {"EU-RO-1", "EU-CZ-1"};
    return endpoint;
}

bool says(const std::vector<Advice>& advice, AdviceLevel level, const std::string& words) {
    for (const auto& one : advice) {
        if (one.level == level && one.text.find(words) != std::string::npos) return true;
    }
    return false;
}

TEST(EndpointAdvice, DescribesAnEndpointThatIsFine) {
    const auto advice = explain_endpoint(EndpointHealth{}, usual());
    ASSERT_EQ(advice.size(), 3u);
    EXPECT_EQ(
        advice[0].text,
        "0 to 5 workers of ADA_24 in EU-RO-1, EU-CZ-1, each stops after 10 idle s, about $1.116 an hour "
        "at work");
    EXPECT_EQ(advice[1].text, "no job waits");
    EXPECT_EQ(advice[2].text,
              "0 jobs wait there, 0 run; workers: 0 running, 0 idle, 0 starting, 0 throttled, 0 unhealthy");
    for (const auto& one : advice) EXPECT_EQ(one.level, AdviceLevel::ok);
    EXPECT_TRUE(explain_endpoint(std::nullopt, std::nullopt).empty());
}

TEST(EndpointAdvice, ExplainsAnEndpointScaledToZeroFirst) {
    auto zero = usual();
    zero.workers_max = 0;
    EndpointHealth health;
    health.jobs.in_queue = 4;
    const auto advice = explain_endpoint(health, zero);
    ASSERT_FALSE(advice.empty());
    EXPECT_EQ(advice[0].level, AdviceLevel::failed);
    EXPECT_NE(advice[0].text.find("to 0 after 7"), std::string::npos) << advice[0].text;
    EXPECT_FALSE(says(advice, AdviceLevel::warning, "no worker exists")) << "said once, and better";
}

TEST(EndpointAdvice, WarnsOfWhatWillHurtLater) {
    auto endpoint = usual();
    endpoint.workers_max = 1;
    EXPECT_TRUE(says(explain_endpoint({}, endpoint), AdviceLevel::warning, "tied to one machine"));
    endpoint.workers_max = 3;
    endpoint.gpu_pools = {"ADA_24", "AMPERE_24"};
    EXPECT_TRUE(says(explain_endpoint({}, endpoint), AdviceLevel::warning, "only the first kind of GPU"));
    endpoint.workers_min = 2;
    EXPECT_TRUE(says(explain_endpoint({}, endpoint), AdviceLevel::warning, "2 workers are always on"));
    endpoint.is_load_balancer = true;
    EXPECT_TRUE(says(explain_endpoint({}, endpoint), AdviceLevel::failed, "load balancer"));
}

TEST(EndpointAdvice, TellsACrashingImageFromMissingCapacity) {
    EndpointHealth health;
    health.jobs.in_queue = 4;
    health.workers.unhealthy = 1;
    EXPECT_TRUE(says(explain_endpoint(health, usual()), AdviceLevel::failed, "image crashes"));
    health.workers = {};
    health.workers.throttled = 2;
    EXPECT_TRUE(says(explain_endpoint(health, usual()), AdviceLevel::warning, "no GPU of this kind"));
    health.workers = {};
    EXPECT_TRUE(says(explain_endpoint(health, std::nullopt), AdviceLevel::warning, "no worker exists"));
    health.workers.initializing = 1;
    EXPECT_TRUE(says(explain_endpoint(health, usual()), AdviceLevel::ok, "a worker is starting"));
}

}  // namespace
}  // namespace darkroom::runpod::scale
