// From an attempt's order to the workflow that is sent for it, by the recipes on the shelf: what every place
// that runs workflows asks for, a pod as well as a RunPod worker. An attempt is done with the recipe that its
// job was created with, whatever the shelf holds by now.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/recipe_shelf.h"
#include "base/result.h"
#include "base/time.h"
#include "comfyui/pod_backend.h"
#include "ports/backend.h"
#include "recipes/order_graph.h"

namespace darkroom::app {

/// Any thread. The shelf must outlive it and what it makes.
class RecipeGraphs {
public:
    explicit RecipeGraphs(const RecipeShelf& shelf) : shelf_(shelf) {}

    /// nullopt: the order's recipe has no workflow, Darkroom's own code does it. `inputs` are what the graph
    /// is to be given for the order's inputs, in their order: a name, a URL or base64, as the place takes
    /// them. The error is the attempt's.
    Result<std::optional<recipes::OrderGraph>, core::JobError> graph_of(
        const ports::WorkOrder& work, const std::vector<std::string>& inputs) const;

    /// What the recipe of that digest says of its time, if it is known.
    std::optional<Milliseconds> time_limit_of(const std::string& recipe_digest) const;

    /// For pods, which run nothing but workflows: an order without one is refused.
    comfyui::MakeGraph for_pods() const;

private:
    const RecipeShelf& shelf_;
};

}  // namespace darkroom::app
