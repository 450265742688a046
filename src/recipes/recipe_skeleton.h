// What `darkroom recipes import` writes: a recipe for a workflow that has none yet, with everything a person
// has to decide said in comments.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "recipes/workflow.h"

namespace darkroom::recipes {

/// A name that can be an id: what cannot be part of one becomes _; empty becomes "recipe".
std::string id_from(std::string_view name);

/// YAML that read_recipe() takes. Pictures, seeds, prompts and the usual numbers of samplers are bound
/// already; all other literals stand behind # with their values.
std::string recipe_skeleton(const Workflow& workflow, std::string_view id, std::string_view workflow_file,
                            std::string_view workflow_sha256);

/// The nodes that save or show something.
std::vector<std::string> output_nodes(const Workflow& workflow);

}  // namespace darkroom::recipes
