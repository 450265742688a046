#include "runpod/backend/foreign_order.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "base/json.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr std::size_t graph_bytes_max = 4u << 20;
constexpr std::size_t around_input_bytes_max = 16u << 10;  // webhook, policy, the object itself

Failure<JobError> rejected(std::string why) {
    return Fail(JobError{ErrorCode::workflow_rejected, std::move(why)});
}

}  // namespace

WorkerContract contract_of(std::string_view of_endpoint, std::string_view of_recipe, bool has_volume) {
    if (of_endpoint == "darkroom") return WorkerContract::darkroom;
    for (const auto word : {of_endpoint, of_recipe}) {
        if (word == "volume_files") return WorkerContract::volume_files;
        if (word == "worker_comfyui") return WorkerContract::worker_comfyui;
    }
    return has_volume ? WorkerContract::volume_files : WorkerContract::worker_comfyui;
}

Result<boost::json::object, JobError> named_for(const recipes::OrderGraph& made, const JobId& job,
                                                const AttemptId& attempt) {
    auto graph = parse_json(made.graph_json, graph_bytes_max);
    if (!graph || !graph->is_object()) return rejected("The recipe's workflow is no graph.");
    const auto folder = job.str() + "/" + attempt.str() + "/";
    for (auto& [id, node] : graph->get_object()) {
        auto* const fields = node.if_object();
        auto* const inputs = fields != nullptr ? fields->if_contains("inputs") : nullptr;
        if (inputs == nullptr || !inputs->is_object()) continue;
        auto* const prefix = inputs->get_object().if_contains("filename_prefix");
        if (prefix == nullptr) continue;
        const std::string name(id.data(), id.size());
        const auto role = made.role_of_node.find(name);
        const auto word = role != made.role_of_node.end() ? role->second : "n" + name;
        *prefix = boost::json::string(folder + word + "-" + attempt.str());
    }
    const bool has_main = std::any_of(
        made.role_of_node.begin(), made.role_of_node.end(),
        [&](const auto& one) { return one.second == "main" && graph->get_object().contains(one.first); });
    if (!has_main) return rejected("No node of the recipe's workflow saves the result.");
    return std::move(graph->get_object());
}

Result<std::string, JobError> foreign_input(WorkerContract contract, boost::json::object graph,
                                            const std::vector<recipes::SentPicture>& pictures) {
    const bool by_volume = contract == WorkerContract::volume_files;
    auto input = boost::json::serialize(
        recipes::worker_input(by_volume ? "volume_files" : "worker_comfyui", std::move(graph), pictures));
    if (input.size() + around_input_bytes_max <= run_body_bytes_max) return input;
    if (by_volume) return rejected("The recipe's workflow is larger than RunPod takes.");
    return Fail(JobError{
        ErrorCode::input_too_large,
        "The picture is too large to travel inside an order: RunPod takes 10 MB, which is about 7.5 MB "
        "of picture. A network volume has no such limit."});
}

}  // namespace darkroom::runpod
