// ./dev as a newcomer meets it. Only what needs no building: the tasks themselves are what CI calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace darkroom::house {
namespace {

using testing::HasSubstr;

struct Outcome {
    int code = -1;
    std::string output;  // both streams
};

Outcome dev(const std::string& arguments) {
    // From another folder, because a user may stand anywhere.
    const auto command = "cd / && '" + std::string(DR_REPOSITORY) + "/dev' " + arguments + " 2>&1";
    Outcome outcome;
    auto* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return outcome;
    std::array<char, 4096> buffer{};
    for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
        outcome.output.append(buffer.data(), n);
    const int status = pclose(pipe);
    if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
    return outcome;
}

TEST(Dev, BareCallListsTheTasks) {
    const auto outcome = dev("");
    EXPECT_EQ(outcome.code, 0);
    for (const auto* task :
         {"setup", "build", "demo", "run", "test", "compat", "check", "bench", "storm", "clean"}) {
        EXPECT_THAT(outcome.output, HasSubstr(std::string("\n  ") + task + " "));
    }
}

TEST(Dev, AMistypedTaskIsToldItsNearestAndDoesNothing) {
    const auto outcome = dev("tset");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.output, HasSubstr("did you mean \"test\"?"));
    const auto nothing_near = dev("frobnicate");
    EXPECT_EQ(nothing_near.code, 2);
    EXPECT_THAT(nothing_near.output, testing::Not(HasSubstr("did you mean")));
}

TEST(Dev, AMistypedPartOfATaskIsRefusedBeforeAnyWork) {
    EXPECT_EQ(dev("check everything").code, 2);
    EXPECT_EQ(dev("setup kitchen").code, 2);
    const auto bench = dev("bench ../tests");
    EXPECT_EQ(bench.code, 2);
    EXPECT_THAT(bench.output, HasSubstr("gateway"));
}

}  // namespace
}  // namespace darkroom::house
