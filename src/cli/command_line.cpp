// CLI11 splits argv; what is missing or misspelt is found here, so that every message is a sentence of our
// own.
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/ids.h"
#include "base/nearest.h"
#include "cli/duration_flag.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

constexpr int list_limit_max = 10'000;

/// The commands as CLI11 knows them, and what it found. The parsed texts are checked afterwards.
struct Grammar {
    CLI::App app{"Darkroom: pictures in, finished pictures out."};
    CLI::App* serve = nullptr;
    CLI::App* run = nullptr;
    CLI::App* jobs = nullptr;
    CLI::App *list = nullptr, *get = nullptr, *watch = nullptr, *cancel = nullptr, *retry = nullptr;
    CLI::App* types = nullptr;
    CLI::App* version = nullptr;

    CommandLine found;
    std::string timeout;
    std::string limit;
    bool show_version = false;

    Grammar();

private:
    CLI::App* add(CLI::App& parent, const char* name, const char* description);
    void add_run();
    void add_jobs();
    void add_waiting_flags(CLI::App& command);
    template <class List>
    void add_repeatable(CLI::App& command, const char* name, List& values, const char* value_name,
                        const char* description);
};

Grammar::Grammar() {
    app.name("darkroom");
    app.set_help_flag("-h,--help", "Show this text");
    app.add_option("--url", found.url, "The server to talk to (or DARKROOM_URL)")->type_name("URL");
    app.add_option("--data", found.data_dir, "Data folder (or DARKROOM_DATA_DIR; ./darkroom-data)")
        ->type_name("DIR");
    app.add_flag("--json", found.json, "Print results as JSON");
    app.add_flag("--plain", found.plain, "Print tables as tab-separated lines without a head");
    app.add_flag("-q,--quiet", found.quiet, "Print results and problems only");
    app.add_flag("--no-color", found.no_color, "No colours");
    app.add_flag("--version", show_version, "Show the version");
    app.allow_extras();
    app.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app.get_formatter()->label("Subcommands", "Commands");
    app.footer(
        "The API key is taken from DARKROOM_API_KEY, or from admin.key in the data folder.\n"
        "darkroom COMMAND --help tells more, for example: darkroom run --help");

    serve = add(app, "serve", "Start the gateway");
    serve->add_option("--listen", found.listen, "Where to listen (or DARKROOM_LISTEN; 127.0.0.1:8080)")
        ->type_name("ADDRESS:PORT");
    add_run();
    add_jobs();
    types = add(app, "types", "What can be run; with a name, its params");
    types->add_option("NAME", found.type, "One type")->type_name(" ");
    version = add(app, "version", "Show the version");
}

CLI::App* Grammar::add(CLI::App& parent, const char* name, const char* description) {
    auto* command = parent.add_subcommand(name, description);
    command->allow_extras();
    command->fallthrough();  // the flags that every command understands may stand behind it
    return command;
}

template <class List>
void Grammar::add_repeatable(CLI::App& command, const char* name, List& values, const char* value_name,
                             const char* description) {
    command.add_option(name, values, description)
        ->type_name(value_name)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
}

void Grammar::add_waiting_flags(CLI::App& command) {
    command.add_option("-o,--output", found.out_dir, "Folder for the results, made if missing")
        ->type_name("DIR");
    command.add_option("--timeout", timeout, "Stop waiting after this time, as in 90s, 10m or 2h")
        ->type_name("TIME");
}

void Grammar::add_run() {
    run = add(app, "run", "Send pictures, wait for them, fetch the results");
    run->add_option("TYPE", found.type, "What to do: see darkroom types")->type_name(" ");
    run->add_option("FILE", found.files, "Pictures")->type_name(" ");
    add_repeatable(*run, "-p,--param", found.params, "KEY=VALUE",
                   "A param of the type as key=value; halo.mode=strong sets {\"halo\":{\"mode\":…}}");
    add_waiting_flags(*run);
    run->footer(
        "Results are named FILE-TYPE.png (or .jpg, .webp …) and put beside you, or into -o DIR.\n"
        "Without a server, a gateway is started in the data folder for as long as the command runs.\n"
        "Ctrl-C stops watching, not the jobs, and says how to go on.\n\n"
        "  darkroom run bg_remove shoes/*.jpg -p crop=true -p margin=0.05 -o out");
}

void Grammar::add_jobs() {
    jobs = add(app, "jobs", "Look at jobs and steer them");
    list = add(*jobs, "list", "The newest jobs");
    add_repeatable(*list, "--status", found.statuses, "STATUS",
                   "Only these: queued, dispatched, running, succeeded, failed, cancelled");
    list->add_option("--type", found.type, "Only this type")->type_name("NAME");
    list->add_option("-n,--limit", limit, "How many (20)")->type_name("N");
    get = add(*jobs, "get", "One job in full");
    watch = add(*jobs, "watch", "Wait for jobs; with -o, fetch their results");
    add_waiting_flags(*watch);
    cancel = add(*jobs, "cancel", "Stop jobs that have not ended");
    retry = add(*jobs, "retry", "Try failed or cancelled jobs again");
    for (auto* command : {get, watch, cancel, retry})
        command->add_option("ID", found.ids, "Job ids")->type_name(" ");
}

// ---- What was chosen
// ----------------------------------------------------------------------------------------

const CLI::App& deepest_command(const CLI::App& app) {
    const auto* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return *at;
}

std::string full_name(const CLI::App& app) {
    return (app.get_parent() != nullptr ? full_name(*app.get_parent()) + " " : "") + app.get_name();
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(command->get_name());
    return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
        for (const auto* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
            for (const auto& name : option->get_snames()) names.push_back("-" + name);
        }
    }
    return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const auto best = nearest_word(word, candidates);
    return best ? "; did you mean \"" + std::string(*best) + "\"?" : std::string();
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string one_too_many(const std::string& argument) {
    return "one argument too many: \"" + printable(argument) + "\"";
}

std::optional<std::string> complain_about_extras(const CLI::App& app, const CLI::App& command) {
    for (const auto& extra : app.remaining(true)) {
        if (extra.size() < 2 || extra.front() != '-') continue;
        const auto flag = extra.substr(0, extra.find('='));
        return "unknown flag \"" + printable(flag) + "\"" + did_you_mean(flag, flag_names(command));
    }
    for (const auto& extra : app.remaining(true)) {
        const auto known = command_names(command);
        if (known.empty()) return one_too_many(extra);
        const auto hint = did_you_mean(extra, known);
        return "unknown command \"" + printable(extra) + "\"" +
               (hint.empty() ? "; there are " + joined(known) : hint);
    }
    return std::nullopt;
}

std::optional<Command> chosen_command(const Grammar& grammar) {
    if (grammar.show_version || grammar.version->parsed()) return Command::version;
    const std::pair<const CLI::App*, Command> commands[] = {
        {grammar.serve, Command::serve},      {grammar.run, Command::run},
        {grammar.list, Command::jobs_list},   {grammar.get, Command::jobs_get},
        {grammar.watch, Command::jobs_watch}, {grammar.cancel, Command::jobs_cancel},
        {grammar.retry, Command::jobs_retry}, {grammar.types, Command::types}};
    for (const auto& [app, command] : commands) {
        if (app->parsed()) return command;
    }
    return std::nullopt;
}

// ---- What was given to it
// -----------------------------------------------------------------------------------

std::optional<std::string> read_ids(CommandLine& line) {
    if (line.ids.empty()) return "which job? Ids are shown by darkroom jobs list";
    if (line.command == Command::jobs_get && line.ids.size() > 1)
        return "get shows one job, not " + std::to_string(line.ids.size());
    std::vector<std::string> ids;
    for (const auto& text : line.ids) {
        const auto id = JobId::parse(text);
        if (!id)
            return "\"" + printable(text) +
                   "\" is not a job id; ids look like 3f0e8a52-1c1f-4b3a-9d5e-6a7b8c9d0e1f";
        if (std::find(ids.begin(), ids.end(), id->str()) == ids.end()) ids.push_back(id->str());
    }
    line.ids = std::move(ids);
    return std::nullopt;
}

std::optional<std::string> read_statuses(CommandLine& line) {
    const std::vector<std::string> known = {"QUEUED",    "DISPATCHED", "RUNNING",
                                            "SUCCEEDED", "FAILED",     "CANCELLED"};
    std::vector<std::string> statuses;
    for (const auto& text : line.statuses) {
        for (std::size_t begin = 0; begin <= text.size();) {
            const auto end = std::min(text.find(',', begin), text.size());
            auto word = text.substr(begin, end - begin);
            for (auto& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
            if (std::find(known.begin(), known.end(), word) == known.end()) {
                return "there is no status \"" + printable(word) + "\"" + did_you_mean(word, known);
            }
            statuses.push_back(std::move(word));
            begin = end + 1;
        }
    }
    line.statuses = std::move(statuses);
    return std::nullopt;
}

bool is_type_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.';
    });
}

std::optional<std::string> read_run(const CommandLine& line) {
    if (line.type.empty()) return "run what? darkroom types lists the types";
    if (!is_type_name(line.type)) {
        return "\"" + printable(line.type) + "\" cannot be a type; it comes first: darkroom run TYPE FILE...";
    }
    if (line.files.empty()) return "run " + line.type + " on which files?";
    return std::nullopt;
}

std::optional<std::string> read_limit(const std::string& text, CommandLine& line) {
    if (text.empty()) return std::nullopt;
    const bool digits = text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    const int number = digits ? std::stoi(text) : 0;
    if (number < 1 || number > list_limit_max) {
        return "--limit must be between 1 and " + std::to_string(list_limit_max) + ", got " + printable(text);
    }
    line.limit = number;
    return std::nullopt;
}

std::optional<std::string> read_values(Grammar& grammar) {
    auto& line = grammar.found;
    if (!grammar.timeout.empty()) {
        line.timeout = parse_duration(grammar.timeout);
        if (!line.timeout)
            return "--timeout takes a time as in 90s, 10m or 2h, not \"" + printable(grammar.timeout) + "\"";
    }
    if (line.json && line.plain) return "--json and --plain exclude each other";
    switch (line.command) {
        case Command::run:
            return read_run(line);
        case Command::jobs_list: {
            if (auto problem = read_limit(grammar.limit, line)) return problem;
            if (!line.type.empty() && !is_type_name(line.type))
                return "\"" + printable(line.type) + "\" cannot be a type";
            return read_statuses(line);
        }
        case Command::jobs_get:
        case Command::jobs_watch:
        case Command::jobs_cancel:
        case Command::jobs_retry:
            return read_ids(line);
        default:
            return std::nullopt;
    }
}

/// What CLI11 gets, last argument first as it wants them, and what comes behind "--": names, whatever they
/// look like (inside a subcommand CLI11 2.1 takes them for flags all the same).
struct Arguments {
    std::vector<std::string> last_first;
    std::vector<std::string> names;
};

Arguments split_arguments(int argc, const char* const* argv) {
    Arguments arguments;
    int end = 1;
    for (; end < argc && std::string_view(argv[end]) != "--"; ++end) {
        const std::string_view argument = argv[end];
        // CLI11 takes "[a,b]" for a list. With ./ before it, it is the same file and no list.
        const bool like_a_list = argument.starts_with('[') && argument.ends_with(']');
        arguments.last_first.insert(arguments.last_first.begin(),
                                    (like_a_list ? "./" : "") + std::string(argument));
    }
    for (int i = end + 1; i < argc; ++i) arguments.names.emplace_back(argv[i]);
    return arguments;
}

/// Where names without a flag go in each command; the answer is the first one for which there is no place.
std::optional<std::string> place_names(CommandLine& line, std::vector<std::string> names) {
    const bool takes_type = line.command == Command::run || line.command == Command::types;
    for (auto& name : names) {
        if (takes_type && line.type.empty()) {
            line.type = std::move(name);
        } else if (line.command == Command::run) {
            line.files.push_back(std::move(name));
        } else if (line.command == Command::jobs_get || line.command == Command::jobs_watch ||
                   line.command == Command::jobs_cancel || line.command == Command::jobs_retry) {
            line.ids.push_back(std::move(name));
        } else {
            return std::move(name);
        }
    }
    return std::nullopt;
}

std::string sentence_of(const CLI::ParseError& error) { return printable(error.what()); }

}  // namespace

Result<CommandLine, UsageProblem> parse_command_line(int argc, const char* const* argv) {
    Grammar grammar;
    auto& line = grammar.found;
    auto arguments = split_arguments(argc, argv);
    const auto complain = [&](std::string message) {
        return Fail(UsageProblem{std::move(message), full_name(deepest_command(grammar.app))});
    };
    try {
        grammar.app.parse(std::move(arguments.last_first));
    } catch (const CLI::CallForHelp&) {
        line.help = grammar.app.help();  // of the command that was named
        return std::move(line);
    } catch (const CLI::ParseError& error) {
        return complain(sentence_of(error));
    }
    const auto& command = deepest_command(grammar.app);
    if (auto problem = complain_about_extras(grammar.app, command)) return complain(std::move(*problem));
    const auto chosen = chosen_command(grammar);
    if (!chosen) {  // `darkroom` or `darkroom jobs` alone asks what there is
        line.help = grammar.app.help();
        return std::move(line);
    }
    line.command = *chosen;
    if (const auto name = place_names(line, std::move(arguments.names))) return complain(one_too_many(*name));
    if (auto problem = read_values(grammar)) return complain(std::move(*problem));
    return std::move(line);
}

}  // namespace darkroom::cli
