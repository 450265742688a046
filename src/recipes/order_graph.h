// From a recipe and an attempt to the workflow that is sent for it, whoever runs it: a pod, a RunPod worker.
// Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/error_code.h"
#include "recipes/recipe_book.h"

namespace darkroom::recipes {

struct GraphRequest {
    std::string params_json;            // as sent
    std::string params_effective_json;  // of the attempt
    std::vector<std::string> inputs;    // in the order of the job: the name, URL or base64 that is bound
    std::string job_id;
    std::string input_sha256;  // of the first
};

struct OrderGraph {
    std::string graph_json;                           // API format
    std::map<std::string, std::string> role_of_node;  // saving node → main, mask, preview; one is main
    std::vector<std::string> optional_roles;          // may be missing in the answer
    std::vector<std::string> warnings;
    std::string worker;  // volume_files, worker_comfyui, auto: how a RunPod worker takes and tells
};

/// The error is the attempt's: params_invalid, input_missing, workflow_rejected.
Result<OrderGraph, core::JobError> order_graph(const ReadyRecipe& recipe, const GraphRequest& request);

}  // namespace darkroom::recipes
