#include "runpod/endpoint/scaling_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::HasSubstr;

std::string complaint(std::string_view body) {
    const auto changed = apply_scaling_change({}, body);
    return changed ? "" : changed.error();
}

TEST(ScalingChange, ChangesWhatItNamesAndNothingElse) {
    const auto changed = apply_scaling_change({}, R"({"workers":{"min":1,"max":4}})");
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->workers_min, 1);
    EXPECT_EQ(changed->workers_max, 4);
    EXPECT_EQ(changed->idle_timeout, Milliseconds(10'000));
    const auto delayed = apply_scaling_change(
        {}, R"({"workers":{"idleTimeout":30},"scaling":{"type":"QUEUE_DELAY","queueDelay":0.5}})");
    ASSERT_TRUE(delayed);
    EXPECT_EQ(delayed->kind, Scaling::Kind::queue_delay);
    EXPECT_EQ(delayed->queue_delay, Milliseconds(500));
    EXPECT_EQ(delayed->idle_timeout, Milliseconds(30'000));
    EXPECT_TRUE(apply_scaling_change({}, "{}"));
}

TEST(ScalingChange, RefusesWhatThePlatformRefuses) {
    EXPECT_THAT(complaint(R"({"workers":{"idleTimeout":10}})"), HasSubstr("REQUEST_COUNT"));
    EXPECT_THAT(complaint(R"({"workers":{"min":5,"max":4}})"), HasSubstr("above"));
    for (const auto* body :
         {R"({"workers":{"max":-1}})", R"({"workers":{"max":1.5}})", R"({"workers":{"max":"4"}})",
          R"({"workers":{"max":1e300}})", R"({"workers":[]})", R"({"scaling":{"type":"MAGIC"}})",
          R"({"scaling":{"type":"QUEUE_DELAY","queueDelay":0.4}})", R"({"scaling":{"requestCount":0}})",
          R"({"scaling":null})", "[]", "", "{", "null"})
        EXPECT_NE(complaint(body), "") << body;
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
