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
        if (!recipe_.binds.empty() || !recipe_.inputs.empty() || !recipe_.outputs.empty())
            error({}, "wrong_value", "inputs, bind and outputs are for engine: comfyui");
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
