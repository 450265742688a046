// CLI11 splits argv; what is missing or misspelt is found here, so that every message is a sentence.
#include "cli/command_line.h"

#include "cli/command_grammar.h"
#include "cli/command_values.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

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
    const std::pair<const CLI::App*, Command> commands[] = {{grammar.serve, Command::serve},
                                                            {grammar.run, Command::run},
                                                            {grammar.list, Command::jobs_list},
                                                            {grammar.get, Command::jobs_get},
                                                            {grammar.watch, Command::jobs_watch},
                                                            {grammar.cancel, Command::jobs_cancel},
                                                            {grammar.retry, Command::jobs_retry},
                                                            {grammar.attempt, Command::jobs_attempt},
                                                            {grammar.select, Command::jobs_select},
                                                            {grammar.licences, Command::audit_licences},
                                                            {grammar.list_users, Command::users_list},
                                                            {grammar.share, Command::users_share},
                                                            {grammar.types, Command::types},
                                                            {grammar.endpoint, Command::endpoint},
                                                            {grammar.doctor, Command::doctor},
                                                            {grammar.janitor, Command::janitor},
                                                            {grammar.worker, Command::worker},
                                                            {grammar.costs, Command::costs},
                                                            {grammar.nodes, Command::nodes},
                                                            {grammar.migrate_status, Command::migrate_status},
                                                            {grammar.migrate_check, Command::migrate_check},
                                                            {grammar.migrate_up, Command::migrate_up},
                                                            {grammar.db_copy, Command::db_copy},
                                                            {grammar.lint, Command::recipes_lint},
                                                            {grammar.list_recipes, Command::recipes_list},
                                                            {grammar.show, Command::recipes_show},
                                                            {grammar.import, Command::recipes_import}};
    for (const auto& [app, command] : commands) {
        if (app->parsed()) return command;
    }
    return std::nullopt;
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
        } else if (line.command == Command::recipes_show && line.recipe_name.empty()) {
            line.recipe_name = std::move(name);
        } else if (line.command == Command::run || line.command == Command::recipes_lint ||
                   line.command == Command::recipes_import) {
            line.files.push_back(std::move(name));
        } else if (line.command == Command::jobs_get || line.command == Command::jobs_watch ||
                   line.command == Command::jobs_cancel || line.command == Command::jobs_retry ||
                   line.command == Command::jobs_attempt || line.command == Command::jobs_select) {
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
    if (auto problem = check_values(
            line, {grammar.timeout, grammar.limit, grammar.older_than, grammar.weight, grammar.inflight_max}))
        return complain(std::move(*problem));
    return std::move(line);
}

}  // namespace darkroom::cli
