#include "comfyui/node_facts.h"

#include <algorithm>

#include "comfyui/python_json.h"
#include "comfyui/trouble.h"

namespace darkroom::comfyui {
namespace {

using boost::json::array;
using boost::json::object;

const array* choices_of(const boost::json::value& input) {
    const auto* parts = input.if_array();
    if (parts == nullptr || parts->empty()) return nullptr;
    if (const auto* listed = parts->front().if_array()) return listed;
    const auto* options = parts->size() > 1 ? (*parts)[1].if_object() : nullptr;
    return options == nullptr ? nullptr : array_in(*options, "options");
}

void add_models(const object& inputs, NodeFacts& facts) {
    for (const auto& [name, input] : inputs) {
        const auto* choices = names_a_model(name) ? choices_of(input) : nullptr;
        if (choices == nullptr) continue;
        auto& files = facts.models[std::string(name)];
        for (const auto& choice : *choices) {
            if (choice.is_string()) files.emplace_back(choice.get_string());
        }
    }
}

NodeNeed& need_for(std::vector<NodeNeed>& needs, const std::string& class_type) {
    const auto known = std::find_if(needs.begin(), needs.end(),
                                    [&](const auto& need) { return need.class_type == class_type; });
    return known != needs.end() ? *known : needs.emplace_back(NodeNeed{class_type, {}});
}

}  // namespace

Result<NodeFacts, std::string> read_node_facts(std::string_view body, std::string_view class_type) {
    const auto read = parse_python_json(body, node_facts_bytes_max);
    if (!read) return Fail("/object_info: " + read.error().detail);
    const auto* root = read->if_object();
    if (root == nullptr) return Fail(std::string("/object_info: the answer is no object"));
    NodeFacts facts;
    const auto* node = object_in(*root, class_type);
    if (node == nullptr) return facts;  // {} is how an unknown class is told
    facts.is_known = true;
    const auto* inputs = object_in(*node, "input");
    if (inputs == nullptr) return facts;
    for (const auto* kind : {"required", "optional"}) {
        if (const auto* some = object_in(*inputs, kind)) add_models(*some, facts);
    }
    return facts;
}

std::vector<NodeNeed> needs_of(const object& graph) {
    std::vector<NodeNeed> needs;
    for (const auto& [id, value] : graph) {
        const auto* node = value.if_object();
        if (node == nullptr) continue;
        auto& need = need_for(needs, text_in(*node, "class_type"));
        const auto* inputs = object_in(*node, "inputs");
        if (inputs == nullptr) continue;
        for (const auto& [name, input] : *inputs) {
            if (input.is_string() && names_a_model(name))
                need.models.push_back({std::string(name), std::string(input.get_string())});
        }
    }
    return needs;
}

}  // namespace darkroom::comfyui
