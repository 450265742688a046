#include "cli/recipe_card.h"

#include "cli/text.h"
#include "recipes/canonical_json.h"

namespace darkroom::cli {
namespace {

using recipes::ValueBinding;
using recipes::ValueSource;

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string number(double value) { return recipes::canonical_json(boost::json::value(value)); }

std::string source_of(const ValueBinding& bind) {
    if (bind.source == ValueSource::constant) return "const " + recipes::canonical_json(bind.constant);
    return (bind.source == ValueSource::job ? "job " : "param ") + bind.name;
}

std::string steps_of(const recipes::ValueSteps& steps) {
    std::string text;
    if (!steps.map.empty()) text += "  map " + recipes::canonical_json(steps.map);
    if (steps.scale) text += "  scale " + number(*steps.scale);
    if (steps.offset) text += "  offset " + number(*steps.offset);
    if (steps.round) text += "  round " + number(*steps.round);
    if (steps.clamp) text += "  clamp " + number(steps.clamp->first) + ".." + number(steps.clamp->second);
    if (!steps.format.empty()) text += "  format " + steps.format;
    return text;
}

}  // namespace

std::vector<std::string> recipe_lines(const FoundRecipe& found) {
    std::vector<std::string> lines;
    if (!found.recipe) return lines;
    const auto& recipe = *found.recipe;
    lines.push_back(recipe.name() + ": " + recipe.title);
    lines.push_back("type " + recipe.type + ", engine " + recipe.engine + ", targets " +
                    joined(recipe.targets));
    for (const auto& model : recipe.models)
        lines.push_back("model   " + model.name + (model.version.empty() ? "" : " " + model.version) + "  " +
                        model.licence +
                        "  commercial: " + std::string(recipes::commercial_word(model.commercial)));
    for (const auto& input : recipe.inputs)
        lines.push_back("input   " + input.name + " -> " + input.address.text + "  " + input.as +
                        (input.required ? "" : "  optional"));
    for (const auto& bind : recipe.binds)
        lines.push_back("bind    " + source_of(bind) + " -> " + bind.address.text + steps_of(bind.steps));
    for (const auto& step : recipe.chain ? recipe.chain->steps : std::vector<recipes::ChainStep>())
        lines.push_back("step    " + step.id + ": " + step.type +
                        (step.from ? " on " + step.from->text() : "") +
                        (step.params.empty() ? "" : "  " + recipes::canonical_json(step.params)));
    for (const auto& output : recipe.outputs)
        lines.push_back("output  " + output.role + " <- node " + output.node.text +
                        (output.optional ? "  optional" : ""));
    lines.push_back("limits  " + std::to_string(recipe.limits.timeout_s) + " s, " +
                    number(recipe.limits.max_input_mp) + " megapixels");
    for (auto& line : lines) line = printable(line);
    return lines;
}

std::string recipe_json(const FoundRecipe& found) {
    JsonWriter json;
    json.begin_object().member("file", found.path.string()).member("usable", found.usable());
    if (found.recipe) {
        const auto& recipe = *found.recipe;
        json.member("id", recipe.id).member("version", recipe.version).member("type", recipe.type);
        json.member("title", recipe.title).member("engine", recipe.engine).key("targets").begin_array();
        for (const auto& target : recipe.targets) json.value(target);
        json.end_array().key("models").begin_array();
        for (const auto& model : recipe.models) {
            json.begin_object()
                .member("role", model.role)
                .member("name", model.name)
                .member("version", model.version);
            json.member("sha256", model.sha256).member("licence", model.licence);
            json.member("commercial", recipes::commercial_word(model.commercial)).end_object();
        }
        json.end_array().key("inputs").begin_array();
        for (const auto& input : recipe.inputs)
            json.begin_object()
                .member("name", input.name)
                .member("pointer", input.address.text)
                .member("as", input.as)
                .member("required", input.required)
                .end_object();
        json.end_array().key("bind").begin_array();
        for (const auto& bind : recipe.binds)
            json.begin_object()
                .member("source", source_of(bind))
                .member("pointer", bind.address.text)
                .end_object();
        json.end_array().key("outputs").begin_array();
        for (const auto& output : recipe.outputs)
            json.begin_object()
                .member("role", output.role)
                .member("node", output.node.text)
                .member("optional", output.optional)
                .end_object();
        json.end_array();
    }
    write_findings(json, found.findings);
    json.end_object();
    return json.take();
}

void write_findings(JsonWriter& json, const recipes::RecipeFindings& findings) {
    json.key("findings").begin_array();
    for (const auto& finding : findings) {
        json.begin_object().member("severity",
                                   finding.severity == recipes::Severity::error ? "error" : "warning");
        json.member("line", finding.place.line).member("column", finding.place.column);
        json.member("code", finding.code).member("detail", finding.detail).end_object();
    }
    json.end_array();
}

}  // namespace darkroom::cli
