// What is said about the pictures of a run or watch: one line as each ends, then failures with advice, a
// summary and, when it was left early, how to go on.
#pragma once
#include <vector>

#include "cli/crew.h"
#include "cli/program.h"

namespace darkroom::cli {

/// While others still work.
void tell_ended(Program& program, const Picture& picture);

/// At the end: --json and --plain results, failures, the summary. Returns the exit code of the run.
ExitCode tell_results(Program& program, const std::vector<Picture>& pictures, Milliseconds elapsed);

/// Left early: which jobs go on, and the command that watches them.
void tell_how_to_resume(Program& program, const std::vector<Picture>& pictures, bool gateway_ends_too);

}  // namespace darkroom::cli
