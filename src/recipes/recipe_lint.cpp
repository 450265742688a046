#include "recipes/recipe_lint.h"

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "recipes/lint_bindings.h"
#include "recipes/own_params.h"
#include "recipes/param_words.h"
#include "recipes/workflow.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

class Lint {
public:
    Lint(const RecipeFile& recipe, const LintOptions& options, RecipeFindings& findings)
        : recipe_(recipe), options_(options), findings_(findings) {}

    void all(std::optional<std::string_view> workflow_text) {
        const auto params = params_of_type();
        licences();
        if (recipe_.chain) lint_chain(*recipe_.chain, options_.types, findings_);
        post();
        if (recipe_.engine == "onnx") return onnx();
        if (recipe_.engine != "comfyui") return builtin();
        if (!recipe_.workflow || recipe_.workflow->file.empty()) return;
        const auto& use = *recipe_.workflow;
        if (!workflow_text) return error(use.place, "workflow_missing", use.file + " cannot be read");
        if (!use.sha256.empty() && to_hex(sha256(*workflow_text)) != use.sha256)
            error(use.place, "workflow_changed",
                  use.file + " has another sha256 than the recipe says: " + to_hex(sha256(*workflow_text)));
        const auto workflow = Workflow::parse(*workflow_text);
        if (!workflow)
            return error(use.place, workflow.error().code, use.file + ": " + workflow.error().detail);
        expectations(*workflow);
        lint_bindings(recipe_, *workflow, params, findings_);
        outputs(*workflow);
    }

private:
    void error(TextPlace place, std::string code, std::string detail) {
        findings_.push_back({Severity::error, place, std::move(code), std::move(detail)});
    }
    void warn(TextPlace place, std::string code, std::string detail) {
        findings_.push_back({Severity::warning, place, std::move(code), std::move(detail)});
    }

    /// name → schema, of the type that is built in, or of the recipe's own.
    json::object params_of_type() {
        if (const auto* type = options_.types.find(recipe_.type)) {
            if (!recipe_.params.empty())
                warn({}, "params_ignored",
                     recipe_.type + " is a built-in type: its own params count, not these");
            if (std::find(recipe_.params_v.begin(), recipe_.params_v.end(), type->params_version) ==
                recipe_.params_v.end())
                error({}, "params_version_unsupported",
                      "params of " + recipe_.type + " are of version " +
                          std::to_string(type->params_version) + ", and params_v does not name it");
            const auto schema = parse_json(type->schema_json);
            return schema->as_object().at("properties").as_object();
        }
        for (const auto& problem : check_own_params(recipe_.params))
            error({}, "params_schema", "params." + problem.param + ": " + problem.detail);
        return recipe_.params;
    }

    void licences() {
        if (recipe_.engine == "comfyui" && recipe_.models.empty())
            warn({}, "models_missing",
                 "no models are named, so nobody can tell under which licences this works");
        const auto verdict = judge_licences(recipe_.models, options_.licences);
        if (!verdict.allowed) error(verdict.place, "licence_blocked", verdict.reason);
    }

    void builtin() {  // or a chain
        if (!recipe_.builtin_op.empty() && options_.types.find(recipe_.builtin_op) == nullptr)
            error({}, "operation_unknown", "there is no built-in operation " + quoted(recipe_.builtin_op));
        else if (!recipe_.builtin_op.empty() && recipe_.builtin_op != recipe_.type)
            error({}, "operation_unknown",
                  "the operation " + quoted(recipe_.builtin_op) + " does the type of its name, and not " +
                      quoted(recipe_.type));
        nothing_of_a_graph();
    }

    void nothing_of_a_graph() {
        if (!recipe_.binds.empty() || !recipe_.inputs.empty() || !recipe_.outputs.empty())
            error({}, "wrong_value", "inputs, bind and outputs are for engine: comfyui");
    }

    /// A network takes over one stage of the operation that has the type's name; all else stays the same
    /// code.
    void onnx() {
        nothing_of_a_graph();
        if (!recipe_.onnx) return;
        const auto place = recipe_.onnx->place;
        if (!has_stage(recipe_.type, recipe_.onnx->stage))
            error(place, "stage_unknown",
                  quoted(recipe_.type) + " has no stage " + quoted(recipe_.onnx->stage));
        const auto files = std::count_if(recipe_.models.begin(), recipe_.models.end(),
                                         [](const ModelUse& model) { return !model.file.empty(); });
        if (files != 1)
            return error(place, "network_missing", "exactly one of models must have a file: the network");
        const auto& network = *recipe_.network();
        if (!is_network_file(network.file))
            error(network.place, "wrong_value",
                  "the network must be the name of an .onnx file beside the recipe (a-z, A-Z, 0-9, _ . -)");
        if (network.sha256.empty())
            error(network.place, "missing_key", "the network needs its sha256: no other file is run");
    }

    static bool is_network_file(std::string_view file) {
        return file.size() <= 128 && file.ends_with(".onnx") && !file.starts_with('.') &&
               !file.starts_with('-') && file.find("..") == std::string_view::npos &&
               file.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
                   std::string_view::npos;
    }

    void post() {
        if (recipe_.post.empty()) return;
        if (recipe_.engine != "comfyui" || recipe_.type != "object_remove")
            error({}, "wrong_value", "post: composite_through_region is for workflows of object_remove");
        if (recipe_.post.size() > 1) error({}, "wrong_value", "post says the same twice");
    }

    void expectations(const Workflow& workflow) {
        for (const auto& expected : recipe_.workflow->expect) {
            const auto node = workflow.find_node(expected.node.text);
            if (!node) {
                error(expected.node.place, "graph_renumbered",
                      node.error().detail + ", which should be a " + expected.class_type +
                          "; was it exported again? Addresses by title survive that");
            } else if (workflow.class_of(*node) != expected.class_type) {
                error(expected.node.place, "graph_renumbered",
                      "node " + quoted(*node) + " is a " + workflow.class_of(*node) + " and should be a " +
                          expected.class_type + "; was it exported again? Addresses by title survive that");
            }
        }
        std::set<std::string> classes;
        for (const auto& node : workflow.nodes())
            classes.insert(workflow.class_of({node.key().data(), node.key().size()}));
        for (const auto& needed : recipe_.workflow->requires_nodes) {
            if (!classes.contains(needed))
                warn(recipe_.workflow->place, "requires_unused", "no node of the workflow is a " + needed);
        }
    }

    void outputs(const Workflow& workflow) {
        std::set<std::string> roles;
        for (const auto& output : recipe_.outputs) {
            if (!roles.insert(output.role).second)
                error(output.node.place, "output_twice", "two outputs are the " + output.role);
            const auto node = workflow.find_node(output.node.text);
            if (!node) error(output.node.place, "output_missing", node.error().detail);
        }
        if (!roles.contains("main"))
            error({}, "output_missing", "no output is the main one: outputs: [{role: main, node: \"60\"}]");
    }

    const RecipeFile& recipe_;
    const LintOptions& options_;
    RecipeFindings& findings_;
};

}  // namespace

RecipeFindings lint_recipe(const ReadRecipe& read, std::optional<std::string_view> workflow_text,
                           const LintOptions& options) {
    auto findings = read.findings;
    if (read.recipe) Lint(*read.recipe, options, findings).all(workflow_text);
    std::stable_sort(findings.begin(), findings.end(), [](const RecipeFinding& a, const RecipeFinding& b) {
        return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
    });
    return findings;
}

}  // namespace darkroom::recipes
