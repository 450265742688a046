#include "comfyui/prompt_progress.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"

namespace darkroom::comfyui {
namespace {

using ports::StepProgress;

class PromptProgressTest : public ::testing::Test {
protected:
    void hear(const std::string& type, const std::string& data) {
        progress_.take(read_socket_text(R"({"type":")" + type + R"(","data":{"prompt_id":")" +
                                        prompt_of(attempt_).str() + "\"," + data + "}}"));
    }
    std::optional<StepProgress> told() const { return progress_.progress_of(attempt_); }

    testing::ManualClock clock_;
    testing::SeededRandom random_{11};
    AttemptId attempt_ = random_.id<AttemptId>();
    PromptProgress progress_{clock_};
};

TEST_F(PromptProgressTest, StepsAreToldAndBeforeThemTheNodesThatAreDone) {
    progress_.follow(attempt_, 8);
    EXPECT_FALSE(told());
    hear("executing", R"("node":"4")");
    EXPECT_EQ(told(), (StepProgress{0, 8}));
    hear("executing", R"("node":"4")");
    hear("executing", R"("node":"5")");
    hear("executing", R"("node":"3")");
    EXPECT_EQ(told(), (StepProgress{2, 8}));
    hear("progress", R"("node":"3","value":7,"max":20)");
    ASSERT_EQ(told(), (StepProgress{7, 20}));
    EXPECT_EQ(told()->percent(), 35);
    for (int i = 0; i < 30; ++i) hear("executing", R"("node":"loop)" + std::to_string(i) + "\"");
    EXPECT_EQ(told(), (StepProgress{7, 20}));
}

TEST_F(PromptProgressTest, NodesThatRepeatNeverComeToMoreThanThereAre) {
    progress_.follow(attempt_, 3);
    for (int i = 0; i < 30; ++i) hear("executing", R"("node":"loop)" + std::to_string(i) + "\"");
    EXPECT_EQ(told(), (StepProgress{2, 3}));
}

TEST_F(PromptProgressTest, NonsenseChangesNothing) {
    progress_.follow(attempt_, 0);
    hear("executing", R"("node":"4")");
    EXPECT_FALSE(told()) << "how many nodes there are is not known";
    hear("progress", R"("value":7,"max":20)");
    for (const auto* data : {R"("value":1,"max":0)", R"("value":-1,"max":20)", R"("value":3,"max":-5)",
                             R"("value":1,"max":1e300)", R"("value":NaN,"max":NaN)",
                             R"("value":"x","max":[])", R"("value":1,"max":Infinity)"})
        hear("progress", data);
    hear("execution_success", R"("node":null)");
    hear("executing", R"("node":null)");
    hear("execution_error", R"("exception_type":"X")");
    hear("crystools.monitor", R"("value":1,"max":2)");
    EXPECT_EQ(told(), (StepProgress{7, 20}));
    hear("progress", R"("value":99,"max":20)");
    EXPECT_EQ(told(), (StepProgress{20, 20}));
}

TEST_F(PromptProgressTest, PromptsOfOthersAreNobody) {
    hear("progress", R"("value":7,"max":20)");
    EXPECT_FALSE(told());
    EXPECT_FALSE(progress_.has_open());
    progress_.follow(random_.id<AttemptId>(), 3);
    hear("progress", R"("value":7,"max":20)");
    EXPECT_FALSE(told());
    progress_.take(read_socket_text(R"({"type":"progress","data":{"value":7,"max":20}})"));
}

TEST_F(PromptProgressTest, APromptIsFollowedUntilItIsForgottenOrNobodyAsksAboutIt) {
    EXPECT_FALSE(progress_.has_open());
    progress_.follow(attempt_, 3);
    EXPECT_TRUE(progress_.opened().wait_until(clock_.monotonic())) << "whoever waits is woken";
    progress_.follow(attempt_, 0);
    EXPECT_FALSE(progress_.opened().wait_until(clock_.monotonic())) << "once";
    hear("progress", R"("value":7,"max":20)");
    clock_.advance(PromptProgress::forgotten_after);
    progress_.follow(attempt_, 0);
    clock_.advance(PromptProgress::forgotten_after);
    EXPECT_TRUE(progress_.has_open());
    EXPECT_TRUE(told());
    clock_.advance(Milliseconds(1));
    EXPECT_FALSE(progress_.has_open());
    EXPECT_FALSE(told());
    progress_.follow(attempt_, 3);
    progress_.forget(attempt_);
    progress_.forget(attempt_);
    EXPECT_FALSE(progress_.has_open());
}

TEST_F(PromptProgressTest, ThereIsALimitToHowManyAreFollowed) {
    for (std::size_t i = 0; i < PromptProgress::prompts_max; ++i)
        progress_.follow(random_.id<AttemptId>(), 3);
    progress_.follow(attempt_, 3);
    hear("progress", R"("value":7,"max":20)");
    EXPECT_FALSE(told());
}

}  // namespace
}  // namespace darkroom::comfyui
