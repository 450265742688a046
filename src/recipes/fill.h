// From a recipe and a job to the workflow that is sent: values and names of pictures at their places, nothing
// else touched. Pure; the same job gives the same workflow.
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "recipes/recipe_file.h"
#include "recipes/workflow.h"

namespace darkroom::recipes {

struct FillRequest {
    boost::json::object params;  // effective: complete, with the seed drawn
    boost::json::object sent;    // what the client set, for `unbound`
    std::map<std::string, std::string, std::less<>>
        inputs;  // name in the recipe → uploaded name, URL or base64
    std::string job_id;
    std::string input_sha256;
};

struct FilledWorkflow {
    boost::json::object nodes;
    std::vector<std::string> warnings;  // "param_unbound: tone has no effect here"
};

struct FillProblem {
    std::string code;    // params_invalid, input_missing, workflow_rejected
    std::string detail;  // a sentence without its full stop
};

/// The recipe has passed lint with this workflow; whatever does not fit all the same is a failure, and
/// nothing half filled comes out. A param that is null leaves what stands in the workflow; a seed must be
/// drawn.
Result<FilledWorkflow, FillProblem> fill(const RecipeFile& recipe, const Workflow& workflow,
                                         const FillRequest& request);

/// A picture that travels inside the order.
struct SentPicture {
    std::string name;
    std::string base64;
};

/// The `input` of an order to a RunPod worker: volume_files takes {"workflow_api"}, worker_comfyui takes
/// {"workflow","images"}. `worker` is one of these two.
boost::json::object worker_input(std::string_view worker, boost::json::object nodes,
                                 const std::vector<SentPicture>& pictures);

}  // namespace darkroom::recipes
