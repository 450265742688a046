// A workflow made ready for one run: inputs under the names that ComfyUI gave them, and a folder of the run's
// own for all that is saved, so that no run meets the files of another. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "comfyui/trouble.h"

namespace darkroom::comfyui {

struct RunGraph {
    std::string graph_json;
    int saving_nodes = 0;
    std::map<std::string, std::string> folder_of_node;  // where the workflow wanted its files; no entry: none
};

/// Files of a node are called by its role, else as the workflow calls them, with anything that ComfyUI or a
/// file system might read otherwise taken out.
Result<RunGraph, Trouble> make_run_graph(std::string_view workflow_json, std::string_view folder,
                                         const std::map<std::string, std::string>& stored_name_of_input,
                                         const std::map<std::string, std::string>& role_of_node);

/// Letters, digits, - _ and single points of `text`, at most 64; other characters become _.
std::string plain_name(std::string_view text);

}  // namespace darkroom::comfyui
