// `darkroom recipes lint|list|show`: what is in a folder of recipes and whether it is fit for use. No server
// is needed.
#include <algorithm>

#include "base/json_writer.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/recipe_card.h"
#include "cli/recipe_folder.h"
#include "cli/table.h"
#include "cli/text.h"

namespace darkroom::cli {
namespace {

namespace fs = std::filesystem;

using Found = std::vector<FoundRecipe>;

std::string today(const Program& program) { return format_rfc3339(program.wiring.clock.now()).substr(0, 10); }

/// What is named on the command line, or the folder.
Result<Found, ExitCode> look(Program& program) {
    Found found;
    auto paths = program.line.files;
    if (paths.empty()) paths.push_back(recipes_folder(program).string());
    for (const auto& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            if (!fs::exists(path, error))
                return Fail(program.complain(printable(path) + " does not exist", ExitCode::not_found));
            found.push_back(look_at_recipe(path, today(program)));
            continue;
        }
        auto folder = look_at_folder(path, today(program));
        if (!folder) return Fail(program.complain(folder.error().message, ExitCode::failed));
        std::move(folder->begin(), folder->end(), std::back_inserter(found));
    }
    return found;
}

std::size_t count(const Found& found, recipes::Severity severity) {
    std::size_t total = 0;
    for (const auto& each : found)
        total += static_cast<std::size_t>(
            std::count_if(each.findings.begin(), each.findings.end(),
                          [&](const auto& finding) { return finding.severity == severity; }));
    return total;
}

std::string finding_line(const Program& program, const std::string& path,
                         const recipes::RecipeFinding& finding) {
    const bool wrong = finding.severity == recipes::Severity::error;
    const std::string word = wrong ? "error" : "warning";
    const auto line = std::to_string(finding.place.line), column = std::to_string(finding.place.column);
    const auto detail = printable(finding.detail);
    if (program.line.plain)
        return path + "\t" + line + "\t" + column + "\t" + word + "\t" + finding.code + "\t" + detail;
    const auto place = finding.place.line > 0 ? ":" + line + ":" + column : "";
    return path + place + ": " + program.console.tinted(wrong ? Tint::bad : Tint::none, word) + ": " +
           detail + " [" + finding.code + "]";
}

void print_findings(Program& program, const FoundRecipe& each) {
    const auto path = printable(each.path.string());
    for (const auto& finding : each.findings) program.console.result(finding_line(program, path, finding));
}

std::string lint_json(const Found& found) {
    JsonWriter json;
    json.begin_object().member("errors", count(found, recipes::Severity::error));
    json.member("warnings", count(found, recipes::Severity::warning)).key("recipes").begin_array();
    for (const auto& each : found) {
        json.begin_object().member("file", each.path.string());
        json.member("recipe", each.recipe ? std::optional(each.recipe->name()) : std::nullopt);
        json.member("usable", each.usable()).member("shipped", each.shipped);
        write_findings(json, each.findings);
        json.end_object();
    }
    json.end_array().end_object();
    return json.take();
}

std::string state_of(const FoundRecipe& each) {
    for (const auto& finding : each.findings)
        if (finding.code == "licence_blocked") return "licence_blocked";
    return each.usable() ? "ready" : "broken";
}

void add_shipped(const Program& program, Found& found) {
    auto shipped = look_at_shipped(found, recipes_folder(program), today(program));
    std::move(shipped.begin(), shipped.end(), std::back_inserter(found));
}

/// Those that need no file: every built-in operation is one.
void add_builtin(Table& table) {
    for (const auto& type : recipes::TypeCatalogue::builtin().all()) {
        for (const auto& recipe : type.recipes)
            table.add({recipe.name(), type.name, recipe.engine, "ready", "", recipe.title});
    }
}

}  // namespace

fs::path recipes_folder(const Program& program) {
    if (program.line.recipes_dir) return *program.line.recipes_dir;
    const auto named = program.environment("RECIPES_DIR");
    if (named && !named->empty()) return *named;
    return program.data_dir() / "recipes";
}

ExitCode lint_recipes(Program& program) {
    const auto found = look(program);
    if (!found) return found.error();
    const auto errors = count(*found, recipes::Severity::error);
    if (program.line.json) {
        program.console.result(lint_json(*found));
    } else {
        for (const auto& each : *found) print_findings(program, each);
        program.console.note(counted(found->size(), "recipe") + ", " + counted(errors, "error") + ", " +
                             counted(count(*found, recipes::Severity::warning), "warning"));
    }
    return errors == 0 ? ExitCode::ok : ExitCode::failed;
}

ExitCode list_recipes(Program& program) {
    Found found;
    const auto folder = recipes_folder(program);
    if (auto looked = look_at_folder(folder, today(program))) {
        found = std::move(*looked);
    } else if (!looked.error().missing || program.line.recipes_dir) {
        return program.complain(looked.error().message,
                                looked.error().missing ? ExitCode::not_found : ExitCode::failed);
    }
    add_shipped(program, found);
    if (program.line.json) {
        program.console.result(lint_json(found));
        return ExitCode::ok;
    }
    Table table({"RECIPE", "TYPE", "ENGINE", "STATE", "FILE", "TITLE"});
    for (const auto& each : found) {
        const auto& recipe = each.recipe;
        table.add({recipe ? recipe->name() : "?", recipe ? recipe->type : "", recipe ? recipe->engine : "",
                   state_of(each), each.shipped ? "" : each.file(), recipe ? recipe->title : ""});
    }
    add_builtin(table);
    for (const auto& line :
         program.line.plain ? table.plain_lines() : table.lines(program.console.table_width()))
        program.console.result(line);
    if (count(found, recipes::Severity::error) > 0)
        program.console.note("darkroom recipes lint " + shell_quoted(folder.string()) +
                             " tells what is wrong.");
    return ExitCode::ok;
}

ExitCode show_recipe(Program& program) {
    const auto& wanted = program.line.recipe_name;
    std::error_code error;
    Found found;
    if (fs::is_regular_file(wanted, error)) {
        found.push_back(look_at_recipe(wanted, today(program)));
    } else {
        if (auto looked = look_at_folder(recipes_folder(program), today(program))) found = std::move(*looked);
        add_shipped(program, found);
        std::erase_if(found, [&](const FoundRecipe& each) {
            return !each.recipe || (each.recipe->id != wanted && each.recipe->name() != wanted);
        });
    }
    if (found.empty())
        return program.complain("there is no recipe \"" + printable(wanted) + "\" in " +
                                    printable(recipes_folder(program).string()) +
                                    "; darkroom recipes list shows them",
                                ExitCode::not_found);
    // Of several versions, the newest.
    const auto newest =
        std::max_element(found.begin(), found.end(), [](const FoundRecipe& a, const FoundRecipe& b) {
            return (a.recipe ? a.recipe->version : 0) < (b.recipe ? b.recipe->version : 0);
        });
    if (program.line.json) {
        program.console.result(recipe_json(*newest));
    } else {
        for (const auto& line : recipe_lines(*newest)) program.console.result(line);
        print_findings(program, *newest);
    }
    return newest->usable() ? ExitCode::ok : ExitCode::failed;
}

}  // namespace darkroom::cli
