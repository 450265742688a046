#include "recipes/order_graph.h"

#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "recipes/fill.h"

namespace darkroom::recipes {
namespace {

using core::ErrorCode;
using core::JobError;

Result<boost::json::object, JobError> object_of(const std::string& text) {
    auto parsed = parse_json(text);
    if (parsed && parsed->is_object()) return std::move(parsed->as_object());
    return Fail(JobError{ErrorCode::params_invalid, "The params of the attempt are no JSON object."});
}

JobError error_of(const FillProblem& problem) {
    const auto code = core::parse_error_code(problem.code);
    return {code.value_or(ErrorCode::workflow_rejected), problem.detail + "."};
}

/// Lint has found every node.
void read_outputs(const ReadyRecipe& recipe, OrderGraph& graph) {
    for (const auto& output : recipe.file.outputs) {
        const auto node = recipe.workflow->find_node(output.node.text);
        if (!node) continue;
        graph.role_of_node.emplace(*node, output.role);
        if (output.optional) graph.optional_roles.push_back(output.role);
    }
}

}  // namespace

Result<OrderGraph, JobError> order_graph(const ReadyRecipe& recipe, const GraphRequest& request) {
    if (!recipe.workflow)
        return Fail(JobError{ErrorCode::workflow_rejected,
                             "The recipe " + recipe.file.name() + " has no workflow to be sent."});
    auto sent = object_of(request.params_json);
    if (!sent) return Fail(sent.error());
    auto effective = object_of(request.params_effective_json);
    if (!effective) return Fail(effective.error());

    FillRequest filling;
    filling.params = *std::move(effective);
    filling.sent = *std::move(sent);
    const auto& names = recipe.file.inputs;
    for (std::size_t i = 0; i < names.size() && i < request.inputs.size(); ++i)
        filling.inputs.emplace(names[i].name, request.inputs[i]);
    filling.job_id = request.job_id;
    filling.input_sha256 = request.input_sha256;
    auto filled = fill(recipe.file, *recipe.workflow, filling);
    if (!filled) return Fail(error_of(filled.error()));

    OrderGraph graph;
    graph.graph_json = boost::json::serialize(filled->nodes);
    graph.warnings = std::move(filled->warnings);
    graph.worker = recipe.file.worker;
    read_outputs(recipe, graph);
    return graph;
}

}  // namespace darkroom::recipes
