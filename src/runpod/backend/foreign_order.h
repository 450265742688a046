// What is sent to a worker that runs ComfyUI workflows and is not Darkroom's. Pure.
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "core/error_code.h"
#include "recipes/fill.h"
#include "recipes/order_graph.h"

namespace darkroom::runpod {

/// How its workers take an order and tell its end.
enum class WorkerContract {
    darkroom,  // its own payload, with the workflow in it
    volume_files,
    worker_comfyui
};

/// What the endpoint's operator says of its workers decides, then the recipe, then whether there is a volume.
/// Both words are auto, volume_files or worker_comfyui; `of_endpoint` also darkroom.
WorkerContract contract_of(std::string_view of_endpoint, std::string_view of_recipe, bool has_volume);

/// The graph with the files of each saving node called {job}/{attempt}/{role}-{attempt}: workers share
/// volumes and count alike, and some keep no folders.
Result<boost::json::object, core::JobError> named_for(const recipes::OrderGraph& made, const JobId& job,
                                                      const AttemptId& attempt);

/// The `input` of /run, or why it cannot be sent: it is larger than RunPod takes.
Result<std::string, core::JobError> foreign_input(WorkerContract contract, boost::json::object graph,
                                                  const std::vector<recipes::SentPicture>& pictures);

}  // namespace darkroom::runpod
