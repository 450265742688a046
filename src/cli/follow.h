// The common part of `run` and `jobs watch`: a crew at work, its progress on the terminal, and Ctrl-C.
#pragma once
#include <vector>

#include "cli/crew.h"
#include "cli/program.h"

namespace darkroom::cli {

/// Until everything ended, the user is in a hurry, or the time is up. `plan.deadline` and the wait are set
/// here.
ExitCode follow(Program& program, Connection& connection, CrewPlan plan, std::vector<Picture> pictures);

}  // namespace darkroom::cli
