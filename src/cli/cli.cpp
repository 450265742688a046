#include "cli/cli.h"

#include <cstdlib>
#include <iostream>

#include "cli/commands.h"
#include "cli/text.h"

#ifndef DARKROOM_VERSION
#error "CMake tells the version"
#endif

namespace darkroom::cli {
namespace {

std::optional<std::string> from_process_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    return value;
}

ExitCode show_version(Program& program) {
    const std::string version = DARKROOM_VERSION;
    program.console.result(program.line.json ? "{\"version\":\"" + version + "\"}" : "darkroom " + version);
    return ExitCode::ok;
}

int serve(Program& program) {
    ServeRequest request;
    request.listen = program.line.listen;
    if (program.line.data_dir) request.data_dir = *program.line.data_dir;
    request.role = program.line.role;
    return program.wiring.serve(request);
}

int manage_database(Program& program, DatabaseRequest::Task task) {
    const auto& line = program.line;
    DatabaseRequest request;
    request.task = task;
    if (line.data_dir) request.data_dir = *line.data_dir;
    request.from = line.copy_from;
    request.to = line.copy_to;
    request.json = line.json;
    return program.wiring.manage_database(request);
}

EndpointRequest endpoint_request(const CommandLine& line) {
    return {.listen = line.listen,
            .id = line.endpoint_id,
            .client_key = line.client_key,
            .worker_key = line.worker_key,
            .journal = line.journal,
            .time_scale = line.time_scale,
            .faults = line.faults,
            .settings = line.endpoint_settings};
}

ExitCode perform(Program& program) {
    switch (program.line.command) {
        case Command::help:
            program.console.result(program.line.help.substr(0, program.line.help.find_last_not_of('\n') + 1));
            return ExitCode::ok;
        case Command::version:
            return show_version(program);
        case Command::serve:
            return static_cast<ExitCode>(serve(program));
        case Command::run:
            return run_pictures(program);
        case Command::jobs_list:
            return list_jobs(program);
        case Command::jobs_get:
            return show_job(program);
        case Command::jobs_watch:
            return watch_jobs(program);
        case Command::jobs_cancel:
            return cancel_jobs(program);
        case Command::jobs_retry:
            return retry_jobs(program);
        case Command::jobs_attempt:
            return attempt_job(program);
        case Command::jobs_select:
            return select_attempt(program);
        case Command::audit_licences:
            return audit_licences(program);
        case Command::users_list:
            return list_users(program);
        case Command::users_share:
            return share_user(program);
        case Command::types:
            return show_types(program);
        case Command::costs:
            return show_costs(program);
        case Command::doctor:
            return run_doctor(program);
        case Command::janitor:
            return clean_up(program);
        case Command::recipes_lint:
            return lint_recipes(program);
        case Command::recipes_list:
            return list_recipes(program);
        case Command::recipes_show:
            return show_recipe(program);
        case Command::recipes_import:
            return import_recipe(program);
        case Command::migrate_status:
            return static_cast<ExitCode>(manage_database(program, DatabaseRequest::Task::status));
        case Command::migrate_check:
            return static_cast<ExitCode>(manage_database(program, DatabaseRequest::Task::check));
        case Command::migrate_up:
            return static_cast<ExitCode>(manage_database(program, DatabaseRequest::Task::up));
        case Command::db_copy:
            return static_cast<ExitCode>(manage_database(program, DatabaseRequest::Task::copy));
        case Command::nodes:
            return static_cast<ExitCode>(manage_database(program, DatabaseRequest::Task::nodes));
        case Command::endpoint:
            return static_cast<ExitCode>(program.wiring.play_endpoint(endpoint_request(program.line)));
        case Command::worker:
            return static_cast<ExitCode>(program.wiring.work({program.line.test_input}));
    }
    return ExitCode::usage;
}

}  // namespace

int run_cli(int argc, const char* const* argv, CliWiring& wiring) {
    const Environment environment = wiring.environment ? wiring.environment : from_process_environment;
    auto& out = wiring.out != nullptr ? *wiring.out : std::cout;
    auto& err = wiring.err != nullptr ? *wiring.err : std::cerr;
    auto line = parse_command_line(argc, argv);
    if (!line) {
        err << "darkroom: " << line.error().message << "\n          " << line.error().command
            << " --help tells more\n";
        err.flush();
        return static_cast<int>(ExitCode::usage);
    }
    auto traits = wiring.console ? *wiring.console : look_at_terminal(environment);
    if (line->no_color) traits.colour = false;
    Console console(out, err, traits, line->quiet);
    Program program{std::move(*line), wiring, console, environment, Stop(wiring.clock)};
    const auto code = perform(program);
    if (!console.flush())
        return static_cast<int>(program.complain("standard output could not be written", ExitCode::failed));
    return static_cast<int>(code);
}

}  // namespace darkroom::cli
