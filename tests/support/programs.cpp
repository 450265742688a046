#include "tests/support/programs.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace darkroom::testing {

std::filesystem::path program_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin:/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (!folder.empty() && ::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0)
            return std::filesystem::path(folder) / name;
    }
    return {};
}

void run_to_end(const ChildPlan& plan, Milliseconds at_most) {
    ChildProcess child(plan);
    const auto exit = child.wait(at_most);
    if (exit && exit->code == 0) return;
    std::fprintf(stderr, "%s %s: %s\n", plan.program.c_str(), exit ? "failed" : "does not end",
                 read_file(plan.err_file).c_str());
    std::abort();
}

}  // namespace darkroom::testing
