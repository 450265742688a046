// `darkroom types [NAME]`: what can be run, and with which params.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/job_view.h"
#include "cli/json_text.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/type_card.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

ExitCode print_table(Program& program, const json::array& types) {
    Table table({"TYPE", "TITLE", "WHAT IT DOES"});
    for (const auto& type : types) {
        if (!type.is_object()) continue;
        const auto& object = type.get_object();
        table.add(
            {text_member(object, "type"), text_member(object, "title"), text_member(object, "description")});
    }
    for (const auto& line :
         program.line.plain ? table.plain_lines() : table.lines(program.console.table_width())) {
        program.console.result(line);
    }
    program.console.note("darkroom types NAME tells its params.");
    return ExitCode::ok;
}

ExitCode print_one(Program& program, const json::array& types) {
    std::vector<std::string> names;
    for (const auto& type : types) {
        if (!type.is_object()) continue;
        const auto& object = type.get_object();
        names.push_back(text_member(object, "type"));
        if (names.back() != program.line.type) continue;
        if (program.line.json) {
            program.console.result(json_text(object));
            return ExitCode::ok;
        }
        program.console.result(printable(names.back() + ": " + text_member(object, "title")));
        program.console.result(printable(text_member(object, "description")));
        for (const auto& line : recipe_lines(object)) program.console.result(line);
        program.console.result("Params, as -p name=value:");
        if (const auto* schema = object_member(object, "params_schema")) {
            for (const auto& line : param_lines(*schema)) program.console.result(line);
        }
        return ExitCode::ok;
    }
    auto message = "there is no type \"" + printable(program.line.type) + "\"";
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    if (const auto best = nearest_word(program.line.type, candidates))
        message += "; did you mean \"" + printable(*best) + "\"?";
    return program.complain(message, ExitCode::not_found);
}

}  // namespace

ExitCode show_types(Program& program) {
    auto connection = connect(program, false);
    if (!connection) return connection.error();
    const auto answer = connection->client->call({ports::HttpMethod::get, "/api/v1/types", {}, {}});
    if (!answer) return program.complain(answer.error());
    const auto* document = answer->if_object();
    const auto* types = document == nullptr ? nullptr : array_member(*document, "types");
    if (types == nullptr)
        return program.complain("the server does not tell its types: is it a Darkroom server?",
                                ExitCode::failed);
    if (!program.line.type.empty()) return print_one(program, *types);
    if (!program.line.json) return print_table(program, *types);
    program.console.result(json_text(*answer));
    return ExitCode::ok;
}

}  // namespace darkroom::cli
