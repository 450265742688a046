#include "runpod/endpoint/fault_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::HasSubstr;

std::vector<int> firings(FaultScript& script, std::string_view name, int calls) {
    std::vector<int> fired;
    for (int call = 1; call <= calls; ++call) {
        if (script.fires(name)) fired.push_back(call);
    }
    return fired;
}

TEST(FaultScript, FiresAtTheCallsItWasToldTo) {
    FaultScript script(1);
    ASSERT_TRUE(script.set("webhook_drop", "#3"));
    ASSERT_TRUE(script.set("run_429", "#2-4:7"));
    EXPECT_EQ(firings(script, "webhook_drop", 6), std::vector<int>({3}));
    EXPECT_EQ(firings(script, "run_429", 6), std::vector<int>({2, 3, 4}));
    EXPECT_EQ(script.rules().at("run_429").fired, 3u);
    EXPECT_EQ(script.rules().at("run_429").calls, 6u);
}

TEST(FaultScript, GivesTheNumberOrItsDefault) {
    FaultScript script(1);
    ASSERT_TRUE(script.set("webhook_dup", "always"));
    EXPECT_EQ(script.fires("webhook_dup"), 2);
    ASSERT_TRUE(script.set("webhook_dup", "1:5"));
    EXPECT_EQ(script.fires("webhook_dup"), 5);
    EXPECT_EQ(script.fires("webhook_drop"), std::nullopt);
}

TEST(FaultScript, ChanceRepeatsWithTheSeedWhateverOtherFaultsDo) {
    const auto history = [](std::uint64_t seed, bool with_other) {
        FaultScript script(seed);
        EXPECT_TRUE(script.set("webhook_drop", "0.3"));
        EXPECT_TRUE(script.set("freeze", with_other ? "0.5" : "never"));
        std::vector<int> fired;
        for (int call = 0; call < 1'000; ++call) {
            if (with_other) (void)script.fires("freeze");
            if (script.fires("webhook_drop")) fired.push_back(call);
        }
        return fired;
    };
    const auto once = history(7, false);
    EXPECT_EQ(history(7, true), once);
    EXPECT_NE(history(8, false), once);
    EXPECT_GT(once.size(), 230u);
    EXPECT_LT(once.size(), 370u);
}

TEST(FaultScript, NeverTakesARuleAway) {
    FaultScript script(1);
    ASSERT_TRUE(script.set("freeze", "always"));
    EXPECT_TRUE(script.fires("freeze"));
    ASSERT_TRUE(script.set("freeze", "never"));
    EXPECT_FALSE(script.fires("freeze"));
    EXPECT_FALSE(script.has_rules());
}

TEST(FaultScript, RefusesWhatItDoesNotUnderstandAndChangesNothing) {
    FaultScript script(1);
    ASSERT_TRUE(script.set("freeze", "#1"));
    for (const auto* when : {"", "sometimes", "1.1", "-0.1", "nan", "inf", "#0", "#", "#5-3", "#x", "#1-",
                             "0.5:", "0.5:x", "0.5:-1", "always:1", "#1:1", "0x1", " 1"})
        EXPECT_FALSE(script.set("freeze", when)) << when;
    EXPECT_EQ(script.rules().at("freeze").when, "#1");
    EXPECT_THAT(script.set("webhook_dorp", "always").error().detail, HasSubstr("webhook_drop"));
    EXPECT_THAT(script.set("", "always").error().detail, HasSubstr("no fault"));
}

TEST(FaultScript, EveryKindCanBeSet) {
    FaultScript script(1);
    for (const auto& kind : fault_kinds()) {
        EXPECT_TRUE(script.set(kind.name, kind.parameter.empty() ? "0.5" : "0.5:3")) << kind.name;
        EXPECT_FALSE(kind.does.empty()) << kind.name;
    }
    EXPECT_EQ(script.rules().size(), fault_kinds().size());
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
