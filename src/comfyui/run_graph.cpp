#include "comfyui/run_graph.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "comfyui/prompt.h"

namespace darkroom::comfyui {
namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t folder_parts_max = 8;

bool is_plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

json::object* inputs_of(json::value& node) {
    auto* object = node.if_object();
    auto* inputs = object == nullptr ? nullptr : object->if_contains("inputs");
    return inputs == nullptr ? nullptr : inputs->if_object();
}

void name_inputs(json::object& graph, const std::map<std::string, std::string>& stored_names) {
    for (auto& [id, node] : graph) {
        auto* inputs = inputs_of(node);
        if (inputs == nullptr) continue;
        for (auto& [name, value] : *inputs) {
            const auto* text = value.if_string();
            if (text == nullptr) continue;
            const auto stored = stored_names.find(std::string(*text));
            if (stored != stored_names.end()) value = stored->second;
        }
    }
}

/// "a/b" of "a/b/name"; parts without a sound name are left out.
std::string plain_folder(std::string_view prefix) {
    std::string folder;
    std::size_t parts = 0;
    for (auto slash = prefix.find('/'); slash != std::string_view::npos && parts < folder_parts_max;
         slash = prefix.find('/')) {
        const auto part = plain_name(prefix.substr(0, slash));
        prefix.remove_prefix(slash + 1);
        if (part.empty()) continue;
        folder += (folder.empty() ? "" : "/") + part;
        ++parts;
    }
    return folder;
}

}  // namespace

std::string plain_name(std::string_view text) {
    std::string name(text.substr(0, name_bytes_max));
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool single_point = name[i] == '.' && i > 0 && name[i - 1] != '.';
        if (!is_plain(name[i]) && !single_point) name[i] = '_';
    }
    while (name.ends_with('.')) name.pop_back();
    return name;
}

Result<RunGraph, Trouble> make_run_graph(std::string_view workflow_json, std::string_view folder,
                                         const std::map<std::string, std::string>& stored_name_of_input,
                                         const std::map<std::string, std::string>& role_of_node) {
    auto graph = read_graph(workflow_json);
    if (!graph) return Fail(graph.error());
    name_inputs(*graph, stored_name_of_input);
    RunGraph made;
    auto names = role_of_node;
    for (auto& [key, node] : *graph) {
        auto* inputs = inputs_of(node);
        const auto* prefix = inputs == nullptr ? nullptr : inputs->if_contains("filename_prefix");
        const auto* text = prefix == nullptr ? nullptr : prefix->if_string();
        if (text == nullptr) continue;
        const std::string id(key.data(), key.size());
        const std::string_view words(text->data(), text->size());
        if (auto wanted = plain_folder(words); !wanted.empty()) made.folder_of_node[id] = std::move(wanted);
        if (auto name = plain_name(words.substr(words.rfind('/') + 1)); !name.empty())
            names.emplace(id, std::move(name));  // a role stays
    }
    made.saving_nodes = set_save_folder(*graph, folder, names);
    made.graph_json = json::serialize(*graph);
    return made;
}

}  // namespace darkroom::comfyui
