// The commands that talk to a gateway, or look at recipes on this machine. Each prints what it has to say and
// returns the exit code.
#pragma once
#include "cli/program.h"

namespace darkroom::cli {

ExitCode run_pictures(Program& program);
ExitCode list_jobs(Program& program);
ExitCode show_job(Program& program);
ExitCode watch_jobs(Program& program);
ExitCode cancel_jobs(Program& program);
ExitCode retry_jobs(Program& program);
ExitCode attempt_job(Program& program);
ExitCode select_attempt(Program& program);
ExitCode audit_licences(Program& program);
ExitCode list_users(Program& program);
ExitCode share_user(Program& program);
ExitCode show_types(Program& program);
ExitCode show_costs(Program& program);
ExitCode run_doctor(Program& program);
ExitCode clean_up(Program& program);
ExitCode lint_recipes(Program& program);
ExitCode list_recipes(Program& program);
ExitCode show_recipe(Program& program);
ExitCode import_recipe(Program& program);

/// --dir, RECIPES_DIR, or recipes in the data folder.
std::filesystem::path recipes_folder(const Program& program);

}  // namespace darkroom::cli
