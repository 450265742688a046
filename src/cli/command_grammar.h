// The commands and flags as CLI11 knows them, and the texts that it found. Only command_line.cpp includes
// this: CLI11 takes seconds to compile.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command_line.h"

namespace darkroom::cli {

/// Parsing fills `found` and the texts beside it, which are checked afterwards (command_values.h).
struct Grammar {
    CLI::App app{"Darkroom: pictures in, finished pictures out."};
    CLI::App* serve = nullptr;
    CLI::App* run = nullptr;
    CLI::App* jobs = nullptr;
    CLI::App *list = nullptr, *get = nullptr, *watch = nullptr, *cancel = nullptr, *retry = nullptr,
             *attempt = nullptr, *select = nullptr;
    CLI::App *audit = nullptr, *licences = nullptr;
    CLI::App *users = nullptr, *list_users = nullptr, *share = nullptr;
    CLI::App* types = nullptr;
    CLI::App* costs = nullptr;
    CLI::App* doctor = nullptr;
    CLI::App* janitor = nullptr;
    CLI::App *migrate = nullptr, *migrate_status = nullptr, *migrate_check = nullptr, *migrate_up = nullptr;
    CLI::App *db = nullptr, *db_copy = nullptr;
    CLI::App* nodes = nullptr;
    CLI::App* endpoint = nullptr;
    CLI::App* worker = nullptr;
    CLI::App* recipes = nullptr;
    CLI::App *lint = nullptr, *list_recipes = nullptr, *show = nullptr, *import = nullptr;
    CLI::App* version = nullptr;

    CommandLine found;
    std::string timeout;
    std::string limit;
    std::string older_than;
    std::string weight;
    std::string inflight_max;
    bool show_version = false;

    Grammar();

private:
    CLI::App* add(CLI::App& parent, const char* name, const char* description);
    void add_run();
    void add_jobs();
    void add_attempts();
    void add_costs();
    void add_audit();
    void add_users();
    void add_janitor();
    void add_database();
    void add_endpoint();
    void add_worker();
    void add_recipes();
    void add_waiting_flags(CLI::App& command);
    void add_repeatable(CLI::App& command, const char* name, std::vector<std::string>& values,
                        const char* value_name, const char* description);
};

}  // namespace darkroom::cli
