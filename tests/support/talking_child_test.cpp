#include "tests/support/talking_child.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace darkroom::testing {
namespace {

constexpr Milliseconds patience{60'000};

class TalkingChildTest : public ::testing::Test {
protected:
    ChildPlan shell(const std::string& script) {
        ChildPlan plan;
        plan.program = "/bin/sh";
        plan.arguments = {"-c", script};
        plan.err_file = folder_.path() / "err";
        return plan;
    }

    TempDir folder_;
};

TEST_F(TalkingChildTest, LinesGoBothWays) {
    TalkingChild child(shell("while read line; do echo \"heard $line\"; done"));
    for (const char* word : {"one", "two"}) {
        child.write_line(word);
        EXPECT_EQ(child.read_line(), std::string("heard ") + word);
    }
}

TEST_F(TalkingChildTest, ALongLineArrivesWhole) {
    TalkingChild child(shell("read line; echo ${#line}"));
    child.write_line(std::string(100'000, 'x'));
    EXPECT_EQ(child.read_line(), "100000");
}

TEST_F(TalkingChildTest, TheEndOfItsInputEndsIt) {
    const auto left_behind = folder_.path() / "left";
    { TalkingChild child(shell("cat; echo over > " + left_behind.string())); }
    EXPECT_EQ(read_file(left_behind), "over\n");
}

TEST_F(TalkingChildTest, WhoListensNoLongerTakesNoLineAndEndsNobodyElse) {
    TalkingChild child(shell("exec <&-; echo deaf"));
    ASSERT_EQ(child.read_line(), "deaf");
    EXPECT_FALSE(child.try_write_line("is anybody there"));
}

TEST_F(TalkingChildTest, WhoHasEndedGivesNoLine) {
    TalkingChild child(shell("exit 3"));
    EXPECT_EQ(child.try_read_line(patience), std::nullopt);
}

TEST_F(TalkingChildTest, WhoSaysNothingIsNotWaitedForLongerThanAsked) {
    TalkingChild child(shell("read line"));
    EXPECT_EQ(child.try_read_line(Milliseconds(20)), std::nullopt);
    EXPECT_TRUE(child.try_write_line("enough"));
}

}  // namespace
}  // namespace darkroom::testing
