// One run of the program that ends by itself, or is ended in the middle: how it ended and all that it said.
#pragma once
#include <csignal>
#include <string>
#include <vector>

#include "tests/e2e/server_process.h"

namespace darkroom::e2e {

struct ProgramRun {
    int code = -1;  // -1 = it had to be ended
    std::string said;
};

class StartedProgram {
public:
    /// With a data folder of its own unless the settings name one.
    StartedProgram(const Settings& settings, const std::vector<std::string>& arguments)
        : child_(plan(settings, arguments)) {}

    ProgramRun wait() {
        const auto exit = child_.wait(Milliseconds(60'000));
        return {exit ? exit->code : -1, testing::read_file(home_.path() / "said")};
    }
    void kill9() {
        child_.send_signal(SIGKILL);
        (void)child_.wait(Milliseconds(10'000));
    }

private:
    testing::ChildPlan plan(const Settings& settings, const std::vector<std::string>& arguments) const {
        testing::ChildPlan plan;
        plan.program = darkroom_program();
        plan.arguments = arguments;
        plan.working_dir = home_.path();
        plan.out_file = plan.err_file = home_.path() / "said";
        plan.environment = settings;
        plan.environment.emplace("DARKROOM_DATA_DIR", (home_.path() / "data").string());
        plan.environment.emplace("DARKROOM_LISTEN", "127.0.0.1:0");
        return plan;
    }

    testing::TempDir home_;
    testing::ChildProcess child_;
};

inline ProgramRun run_program(const Settings& settings, const std::vector<std::string>& arguments) {
    return StartedProgram(settings, arguments).wait();
}

}  // namespace darkroom::e2e
