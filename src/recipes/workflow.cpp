#include "recipes/workflow.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <optional>

#include "base/check.h"
#include "base/json.h"
#include "recipes/param_words.h"

namespace darkroom::recipes {
namespace {

namespace json = boost::json;

const json::object* object_at(const json::object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr ? value->if_object() : nullptr;
}

bool is_node(const json::value& value) {
    const auto* node = value.if_object();
    if (node == nullptr) return false;
    const auto* class_type = node->if_contains("class_type");
    return class_type != nullptr && class_type->is_string() && object_at(*node, "inputs") != nullptr;
}

/// People paste the whole body of a request or of an answer.
const json::object& unwrapped(const json::object& root) {
    const auto* input = object_at(root, "input");
    if (input != nullptr && !is_node(*root.if_contains("input"))) return unwrapped(*input);
    for (const auto* name : {"prompt", "workflow_api", "workflow", "output"}) {
        const auto* inner = object_at(root, name);
        if (inner != nullptr && !inner->empty() && !is_node(*root.if_contains(name))) return *inner;
    }
    return root;
}

bool is_ui_format(const json::object& root) {
    const auto* nodes = root.if_contains("nodes");
    return nodes != nullptr && nodes->is_array() && (root.contains("links") || root.contains("last_node_id"));
}

std::optional<WorkflowProblem> wrong_nodes(const json::object& nodes) {
    if (nodes.empty()) return WorkflowProblem{"workflow_invalid", "the workflow has no nodes"};
    if (nodes.size() > workflow_nodes_max)
        return WorkflowProblem{"workflow_invalid",
                               "more than " + std::to_string(workflow_nodes_max) + " nodes"};
    std::string wrong;
    int count = 0;
    for (const auto& member : nodes) {
        const auto id = view(member.key());
        if (!id.empty() && id.size() <= 64 && is_node(member.value())) continue;
        if (++count <= 5) wrong += (count == 1 ? "" : ", ") + quoted(id);
    }
    if (count == 0) return std::nullopt;
    return WorkflowProblem{"workflow_invalid",
                           "not a node (class_type and inputs, id of at most 64 bytes): " + wrong +
                               (count > 5 ? " and others" : "")};
}

std::string unescaped(std::string_view token) {
    std::string text;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool escape =
            token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
        text += escape ? (token[i + 1] == '1' ? '/' : '~') : token[i];
        if (escape) ++i;
    }
    return text;
}

std::vector<std::string> tokens_of(std::string_view pointer) {
    std::vector<std::string> tokens;
    while (pointer.starts_with('/')) {
        pointer.remove_prefix(1);
        const auto end = std::min(pointer.find('/'), pointer.size());
        tokens.push_back(unescaped(pointer.substr(0, end)));
        pointer.remove_prefix(end);
    }
    return tokens;
}

std::optional<std::size_t> index_from(const std::string& token) {
    if (token.empty() || token.size() > 6 || token.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    return std::stoul(token);
}

/// The value that `token` leads to from `value`; null if there is none.
json::value* step(json::value& value, const std::string& token) {
    if (auto* object = value.if_object()) return object->if_contains(token);
    auto* array = value.if_array();
    const auto index = index_from(token);
    return array != nullptr && index && *index < array->size() ? &(*array)[*index] : nullptr;
}

}  // namespace

bool is_link(const json::value& value) {
    const auto* array = value.if_array();
    return array != nullptr && array->size() == 2 && (*array)[0].is_string() && (*array)[1].is_number();
}

std::string InputPointer::text() const {
    auto text = "/" + json_pointer_token(node) + "/inputs/" + json_pointer_token(input);
    for (const auto& token : inside) text += "/" + json_pointer_token(token);
    return text;
}

Result<Workflow, WorkflowProblem> Workflow::parse(std::string_view text) {
    const auto parsed = parse_json(text, workflow_bytes_max);
    if (!parsed) return Fail(WorkflowProblem{"workflow_not_json", parsed.error().detail});
    const auto* root = parsed->if_object();
    if (root == nullptr)
        return Fail(WorkflowProblem{"workflow_not_object", "a workflow is an object of nodes"});
    const auto& nodes = unwrapped(*root);
    if (is_ui_format(nodes) || is_ui_format(*root))
        return Fail(
            WorkflowProblem{"workflow_format_ui",
                            "this is the file that ComfyUI saves to open it again, which cannot be run; "
                            "export it with Workflow > Export (API), in older versions Save (API Format)"});
    if (auto problem = wrong_nodes(nodes)) return Fail(std::move(*problem));
    return Workflow(nodes);
}

std::string Workflow::class_of(std::string_view node) const {
    return std::string(view(nodes_.at(key(node)).as_object().at("class_type").as_string()));
}

std::string Workflow::title_of(std::string_view node) const {
    const auto* meta = object_at(nodes_.at(key(node)).as_object(), "_meta");
    const auto* title = meta != nullptr ? meta->if_contains("title") : nullptr;
    return title != nullptr && title->is_string() ? std::string(view(title->get_string())) : std::string();
}

Result<std::string, WorkflowProblem> Workflow::find_node(std::string_view name) const {
    if (!name.starts_with("title:")) {
        if (has(name)) return std::string(name);
        return Fail(WorkflowProblem{"node_missing", "the workflow has no node " + quoted(name)});
    }
    const auto title = name.substr(6);
    std::string found;
    for (const auto& member : nodes_) {
        if (title_of(view(member.key())) != title) continue;
        if (!found.empty())
            return Fail(WorkflowProblem{"title_not_unique", "nodes " + quoted(found) + " and " +
                                                                quoted(view(member.key())) +
                                                                " are both titled " + quoted(title)});
        found = view(member.key());
    }
    if (found.empty()) return Fail(WorkflowProblem{"node_missing", "no node is titled " + quoted(title)});
    return found;
}

Result<InputPointer, WorkflowProblem> Workflow::resolve(std::string_view address) const {
    const auto misshaped = [&] {
        return Fail(WorkflowProblem{
            "pointer_invalid",
            quoted(address) + " does not lead to an input of a node, as /78/inputs/image does"});
    };
    const bool by_title = address.starts_with("title:");
    // A title may hold anything, so what follows it is looked for from the end.
    const auto split = by_title ? address.rfind("/inputs/") : 0;
    if (split == std::string_view::npos) return misshaped();
    auto tokens = tokens_of(address.substr(split));
    if (by_title) tokens.insert(tokens.begin(), std::string(address.substr(0, split)));
    if (tokens.size() < 3 || tokens[1] != "inputs" || tokens[2].empty()) return misshaped();
    if (!by_title && tokens[0].starts_with("title:")) return misshaped();
    auto node = find_node(tokens[0]);
    if (!node) return Fail(node.error());
    return InputPointer{std::move(*node), std::move(tokens[2]), {tokens.begin() + 3, tokens.end()}};
}

const json::value* Workflow::at(const InputPointer& pointer) const {
    const auto* node = nodes_.if_contains(pointer.node);
    if (node == nullptr) return nullptr;
    const auto* value = node->as_object().at("inputs").as_object().if_contains(pointer.input);
    for (const auto& token : pointer.inside) {
        if (value == nullptr || is_link(*value)) return nullptr;
        value = step(const_cast<json::value&>(*value), token);
    }
    return value;
}

void Workflow::set(const InputPointer& pointer, json::value value) {
    if (auto* there = const_cast<json::value*>(at(pointer))) {
        *there = std::move(value);
        return;
    }
    DR_CHECK(pointer.inside.empty());
    nodes_.at(pointer.node).as_object().at("inputs").as_object()[pointer.input] = std::move(value);
}

std::vector<BindableInput> Workflow::bindable_inputs() const {
    std::vector<BindableInput> found;
    for (const auto& member : nodes_) {
        const auto id = view(member.key());
        for (const auto& input : member.value().as_object().at("inputs").as_object()) {
            if (is_link(input.value()) || input.value().is_structured()) continue;
            found.push_back({{std::string(id), std::string(view(input.key())), {}},
                             class_of(id),
                             title_of(id),
                             &input.value()});
        }
    }
    return found;
}

}  // namespace darkroom::recipes
