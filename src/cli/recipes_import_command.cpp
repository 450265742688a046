// `darkroom recipes import WORKFLOW`: from a workflow that ComfyUI exported to a recipe that a person can
// complete.
#include <cerrno>
#include <system_error>

#include "base/digest.h"
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/recipe_folder.h"
#include "cli/table.h"
#include "cli/text.h"
#include "recipes/canonical_json.h"
#include "recipes/recipe_skeleton.h"
#include "recipes/workflow.h"

namespace darkroom::cli {
namespace {

namespace fs = std::filesystem;

void print_inputs(Program& program, const recipes::Workflow& workflow) {
    Table table({"INPUT", "NODE", "TITLE", "VALUE"});
    for (const auto& input : workflow.bindable_inputs())
        table.add({input.pointer.text(), input.class_type, input.title, json_text(*input.value)});
    for (const auto& line :
         program.line.plain ? table.plain_lines() : table.lines(program.console.table_width()))
        program.console.result(line);
}

std::string import_json(const recipes::Workflow& workflow, const fs::path& yaml, const fs::path& json_file) {
    JsonWriter json;
    json.begin_object().member("recipe", yaml.string()).member("workflow", json_file.string());
    json.key("inputs").begin_array();
    for (const auto& input : workflow.bindable_inputs()) {
        json.begin_object().member("pointer", input.pointer.text()).member("class_type", input.class_type);
        json.member("title", input.title)
            .raw_member("value", recipes::canonical_json(*input.value))
            .end_object();
    }
    json.end_array().end_object();
    return json.take();
}

/// Both files or none.
std::optional<ExitCode> write_both(Program& program, const fs::path& yaml, const std::string& recipe,
                                   const fs::path& json_file, const std::string& workflow) {
    const auto complain = [&](const fs::path& path) {
        const int why = errno;
        return program.complain(printable(path.string()) + ": " + std::generic_category().message(why),
                                why == EEXIST ? ExitCode::conflict : ExitCode::failed);
    };
    std::error_code error;
    fs::create_directories(yaml.parent_path(), error);
    if (error)
        return program.complain(printable(yaml.parent_path().string()) + ": " + error.message(),
                                ExitCode::failed);
    if (!write_new_file(json_file, workflow)) return complain(json_file);
    if (write_new_file(yaml, recipe)) return std::nullopt;
    const auto code = complain(yaml);
    fs::remove(json_file, error);
    return code;
}

}  // namespace

ExitCode import_recipe(Program& program) {
    const fs::path source = program.line.files.front();
    const auto text = read_whole_file(source, recipes::workflow_bytes_max);
    if (!text)
        return program.complain(printable(source.string()) + " " + text.error().message,
                                text.error().code == "file_missing" ? ExitCode::not_found : ExitCode::failed);
    const auto workflow = recipes::Workflow::parse(*text);
    if (!workflow)
        return program.complain(printable(source.string()) + ": " + printable(workflow.error().detail),
                                ExitCode::failed);

    const auto wanted = program.line.recipe_name.empty() ? source.stem().string() : program.line.recipe_name;
    const auto id = recipes::id_from(wanted);
    const auto folder = program.line.out_dir ? fs::path(*program.line.out_dir) : recipes_folder(program);
    const auto yaml = folder / (id + ".yaml"), json_file = folder / (id + ".json");
    const auto recipe = recipes::recipe_skeleton(*workflow, id, id + ".json", to_hex(sha256(*text)));
    if (const auto failed = write_both(program, yaml, recipe, json_file, *text)) return *failed;

    if (program.line.json) {
        program.console.result(import_json(*workflow, yaml, json_file));
        return ExitCode::ok;
    }
    print_inputs(program, *workflow);
    program.console.note("Written: " + printable(yaml.string()) + " and the workflow beside it.");
    program.console.note(
        "Name its models and licences, bind what users may change, then: darkroom recipes lint " +
        shell_quoted(yaml.string()));
    return ExitCode::ok;
}

}  // namespace darkroom::cli
