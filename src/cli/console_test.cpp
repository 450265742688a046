#include "cli/console.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

namespace darkroom::cli {
namespace {

ConsoleTraits terminal() {
    return {.out_is_terminal = true, .err_is_terminal = true, .animation = true, .colour = true, .width = 40};
}

TEST(CliConsole, ResultsAndTheRestGoSeparateWays) {
    std::ostringstream out, err;
    Console console(out, err, {}, false);
    console.result("a.png");
    console.note("sending");
    console.problem("oh no");
    console.show_progress("50 %");
    EXPECT_EQ(out.str(), "a.png\n");
    EXPECT_EQ(err.str(), "sending\noh no\n") << "no animation where nobody sees it";
    EXPECT_EQ(console.tinted(Tint::bad, "x"), "x");
}

TEST(CliConsole, QuietLeavesResultsAndProblems) {
    std::ostringstream out, err;
    Console console(out, err, terminal(), true);
    console.result("a.png");
    console.note("sending");
    console.show_progress("50 %");
    console.problem("oh no");
    EXPECT_EQ(out.str(), "a.png\n");
    EXPECT_EQ(err.str(), "oh no\n");
}

TEST(CliConsole, LinesPassAboveTheProgressLine) {
    std::ostringstream both;
    {
        Console console(both, both, terminal(), false);
        console.show_progress("50 %");
        console.show_progress("50 %");
        console.result("a.png");
    }
    EXPECT_EQ(both.str(),
              "\r\x1b[K50 %"
              "\r\x1b[K"
              "a.png\n"
              "50 %"
              "\r\x1b[K")
        << "and it is gone at the end";
}

TEST(CliConsole, ColoursAreForTerminals) {
    std::ostringstream out, err;
    const Console console(out, err, terminal(), false);
    EXPECT_EQ(console.tinted(Tint::good, "ok"), "\x1b[32mok\x1b[0m");
    EXPECT_EQ(console.tinted(Tint::none, "ok"), "ok");
}

TEST(CliConsole, AFullDiskIsNoticed) {
    std::ostringstream out, err;
    Console console(out, err, {}, false);
    EXPECT_TRUE(console.flush());
    out.setstate(std::ios::badbit);
    EXPECT_FALSE(console.flush());
}

TEST(CliConsole, AnimationNeedsATerminalThatIsNotDumb) {
    // Under a test runner the streams are rarely terminals; what must hold is that the variables only ever
    // take away.
    std::map<std::string, std::string> variables = {{"TERM", "dumb"}};
    const auto environment = [&](const char* name) -> std::optional<std::string> {
        return variables.count(name) > 0 ? std::optional(variables[name]) : std::nullopt;
    };
    EXPECT_FALSE(look_at_terminal(environment).animation);
    EXPECT_FALSE(look_at_terminal(environment).colour);
    variables = {{"TERM", "xterm"}, {"NO_COLOR", "1"}};
    EXPECT_FALSE(look_at_terminal(environment).colour);
    EXPECT_GE(look_at_terminal(environment).width, 20);
    variables = {{"TERM", "xterm"}, {"CI", "true"}};
    EXPECT_FALSE(look_at_terminal(environment).animation);
}

}  // namespace
}  // namespace darkroom::cli
