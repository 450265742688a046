// argv understood: which command, with what. Nothing is looked up here: no files, no environment, no server.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace darkroom::cli {

enum class Command {
    help,
    version,
    serve,
    run,
    jobs_list,
    jobs_get,
    jobs_watch,
    jobs_cancel,
    jobs_retry,
    jobs_attempt,
    jobs_select,
    audit_licences,
    users_list,
    users_share,
    types,
    costs,
    doctor,
    janitor,
    endpoint,
    worker,
    migrate_status,
    migrate_check,
    migrate_up,
    db_copy,
    nodes,
    recipes_lint,
    recipes_list,
    recipes_show,
    recipes_import
};

struct CommandLine {
    Command command = Command::help;
    std::string help;  // for Command::help

    // Understood by every command.
    std::optional<std::string> url;
    std::optional<std::string> data_dir;
    bool json = false;
    bool plain = false;  // tab-separated rows without a head
    bool quiet = false;
    bool no_color = false;

    std::optional<std::string> listen;       // serve, endpoint
    std::optional<std::string> endpoint_id;  // endpoint, as all down to the settings
    std::optional<std::string> client_key;
    std::optional<std::string> worker_key;
    std::optional<std::string> journal;
    std::optional<std::string> time_scale;
    std::vector<std::string> faults;
    std::vector<std::string> endpoint_settings;
    std::optional<std::string> role;          // serve
    std::string copy_from;                    // db copy: a SQLite file
    std::optional<std::string> copy_to;       // db copy: unset = DATABASE_URL
    std::string type;                         // run; types (empty = all); jobs list (empty = any)
    std::vector<std::string> files;           // run; recipes lint, import: paths
    std::vector<std::string> params;          // run: as given to -p
    std::optional<std::string> params_json;   // jobs attempt: all params at once
    std::string attempt;                      // jobs select: its number or id
    std::optional<std::string> mask;          // run: a file that says what is to go
    std::string user;                         // users share
    std::optional<int> weight;                // users share: 1 to 100
    std::optional<int> inflight_max;          // users share: 1 or more
    std::string since;                        // audit: a day or a time; empty = 30 days back
    std::string backend;                      // run, jobs attempt; empty = the server's own choice
    std::string from;                         // costs: a day as in 2026-11-22; empty = 30 days back
    std::string to;                           // costs: the same; empty = today
    std::optional<std::string> out_dir;       // run, jobs watch, recipes import
    std::optional<Milliseconds> timeout;      // run, jobs watch
    std::vector<std::string> ids;             // jobs get, watch, cancel, retry: valid ids in lower case
    std::vector<std::string> statuses;        // jobs list: as on the wire
    int limit = 20;                           // jobs list
    bool remove = false;                      // janitor
    bool volume = false;                      // janitor: the network volume instead of the main storage
    bool check_jobs = false;                  // janitor
    Milliseconds older_than{24 * 3'600'000};  // janitor
    std::optional<std::string> test_input;    // worker
    std::optional<std::string> recipes_dir;   // recipes: unset = RECIPES_DIR, or recipes in the data folder
    std::string recipe_name;                  // recipes show: id, id@version or a file; recipes import: --id
};

struct UsageProblem {
    std::string message;  // a sentence, with the nearest right word where there is one
    std::string command;  // whose --help tells more, as in "darkroom jobs list"
};

Result<CommandLine, UsageProblem> parse_command_line(int argc, const char* const* argv);

}  // namespace darkroom::cli
