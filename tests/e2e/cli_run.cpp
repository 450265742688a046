#include "tests/e2e/cli_run.h"

#include <gtest/gtest.h>

namespace darkroom::e2e {
namespace {

constexpr Milliseconds patience{60'000};

}  // namespace

CliResult Cli::run(const std::vector<std::string>& arguments) const {
    const auto child = begin(arguments);
    return end(*child);
}

void Cli::start(const std::vector<std::string>& arguments) { child_ = begin(arguments); }

bool Cli::has_said(const std::string& text) const {
    return eventually([&] {
        return testing::read_file(outputs_.path() / "err").find(text) != std::string::npos ||
               testing::read_file(outputs_.path() / "out").find(text) != std::string::npos;
    });
}

CliResult Cli::finish() { return end(*child_); }

std::filesystem::path Cli::put(const std::string& name, const std::string& bytes) const {
    testing::write_file(folder() / name, bytes);
    return folder() / name;
}

std::unique_ptr<testing::ChildProcess> Cli::begin(const std::vector<std::string>& arguments) const {
    std::error_code ignored;
    std::filesystem::remove(outputs_.path() / "out", ignored);
    std::filesystem::remove(outputs_.path() / "err", ignored);
    return std::make_unique<testing::ChildProcess>(testing::ChildPlan{.program = darkroom_program(),
                                                                      .arguments = arguments,
                                                                      .environment = environment_,
                                                                      .working_dir = folder(),
                                                                      .out_file = outputs_.path() / "out",
                                                                      .err_file = outputs_.path() / "err"});
}

CliResult Cli::end(testing::ChildProcess& child) const {
    const auto exit = child.wait(patience);
    EXPECT_TRUE(exit.has_value()) << "the command did not end";
    CliResult result;
    result.out = testing::read_file(outputs_.path() / "out");
    result.err = testing::read_file(outputs_.path() / "err");
    if (exit) result.code = exit->code;
    if (exit && exit->signal != 0) ADD_FAILURE() << "killed by signal " << exit->signal << "\n" << result.err;
    return result;
}

}  // namespace darkroom::e2e
