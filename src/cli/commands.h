// The commands that talk to a gateway. Each prints what it has to say and returns the exit code.
#pragma once
#include "cli/program.h"

namespace darkroom::cli {

ExitCode run_pictures(Program& program);
ExitCode list_jobs(Program& program);
ExitCode show_job(Program& program);
ExitCode watch_jobs(Program& program);
ExitCode cancel_jobs(Program& program);
ExitCode retry_jobs(Program& program);
ExitCode show_types(Program& program);
ExitCode show_costs(Program& program);
ExitCode run_doctor(Program& program);
ExitCode clean_up(Program& program);

}  // namespace darkroom::cli
