// One run of the program that ends by itself: how it ended and all that it said.
#pragma once
#include <string>
#include <vector>

#include "tests/e2e/server_process.h"

namespace darkroom::e2e {

struct ProgramRun {
    int code = -1;  // -1 = it had to be ended
    std::string said;
};

/// With a data folder of its own unless the settings name one.
inline ProgramRun run_program(const Settings& settings, const std::vector<std::string>& arguments) {
    testing::TempDir home;
    testing::ChildPlan plan;
    plan.program = darkroom_program();
    plan.arguments = arguments;
    plan.working_dir = home.path();
    plan.out_file = plan.err_file = home.path() / "said";
    plan.environment = settings;
    plan.environment.emplace("DARKROOM_DATA_DIR", (home.path() / "data").string());
    plan.environment.emplace("DARKROOM_LISTEN", "127.0.0.1:0");
    testing::ChildProcess child(plan);
    const auto exit = child.wait(Milliseconds(60'000));
    return {exit ? exit->code : -1, testing::read_file(plan.err_file)};
}

}  // namespace darkroom::e2e
