#include "comfyui/prompt.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/json_writer.h"
#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

namespace json = boost::json;
using ports::FetchError;

constexpr std::size_t answer_bytes_max = 4u << 20;
constexpr std::size_t node_id_bytes_max = 64;

Failure<Trouble> no_graph(std::string why) {
    return Fail(Trouble{TroubleKind::bad_graph, {}, std::move(why)});
}

Trouble node_trouble(const json::object& error, const std::string& node, const std::string& class_type) {
    const auto type = text_in(error, "type");
    const auto details = text_in(error, "details");
    const auto* extra = object_in(error, "extra_info");
    const auto input = extra == nullptr ? std::string{} : text_in(*extra, "input_name");
    Trouble trouble{kind_of_node_error(type, details, input), {}, {}};
    const auto received = extra == nullptr ? std::string{} : text_in(*extra, "received_value");
    if (trouble.kind == TroubleKind::missing_model) trouble.what = input + ": " + received;
    if (trouble.kind == TroubleKind::bad_params) trouble.what = input;
    trouble.why = one_line("node " + node + " (" + class_type + "): " + type + ": " + details);
    return trouble;
}

// Of several, the one that says most about what is to be done: what is missing here may be there elsewhere,
// and what the graph lacks is often no more than a consequence.
int weight_of(TroubleKind kind) {
    switch (kind) {
        case TroubleKind::missing_node:
            return 5;
        case TroubleKind::missing_model:
            return 4;
        case TroubleKind::input_absent:
            return 3;
        case TroubleKind::bad_params:
            return 2;
        default:
            return 1;
    }
}

// ComfyUI expands %...% in it, and / makes folders: of a node's id, letters and digits are enough.
std::string name_of_node(std::string_view id) {
    auto name = "n" + std::string(id);
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'); }, '_');
    return name;
}

std::optional<Trouble> worst_of(const json::object& node_errors) {
    std::optional<Trouble> worst;
    for (const auto& [node, value] : node_errors) {
        const auto* entry = value.if_object();
        const auto* errors = entry == nullptr ? nullptr : array_in(*entry, "errors");
        const auto class_type = entry == nullptr ? std::string{} : text_in(*entry, "class_type");
        if (errors == nullptr || errors->empty()) {
            if (!worst)
                worst = Trouble{
                    TroubleKind::bad_graph, {}, one_line("node " + std::string(node.data(), node.size()))};
            continue;
        }
        for (const auto& error : *errors) {
            if (!error.is_object()) continue;
            auto one = node_trouble(error.get_object(), std::string(node.data(), node.size()), class_type);
            if (!worst || weight_of(one.kind) > weight_of(worst->kind)) worst = std::move(one);
        }
    }
    return worst;
}

// Old servers name the class only inside the message: Cannot execute because node X does not exist.
std::string class_in_message(const std::string& message) {
    constexpr std::string_view before = "node ";
    constexpr std::string_view after = " does not exist";
    const auto end = message.find(after);
    const auto begin = message.substr(0, end).rfind(before);
    if (end == std::string::npos || begin == std::string::npos) return {};
    return message.substr(begin + before.size(), end - begin - before.size());
}

Trouble trouble_of_refusal(const json::object& body) {
    const auto* error = object_in(body, "error");
    if (const auto* nodes = object_in(body, "node_errors"); nodes != nullptr && !nodes->empty()) {
        if (auto worst = worst_of(*nodes)) return *std::move(worst);
    }
    if (error == nullptr) return {TroubleKind::bad_graph, {}, one_line(text_in(body, "error"))};
    const auto type = text_in(*error, "type");
    const auto message = text_in(*error, "message");
    Trouble trouble{
        TroubleKind::bad_graph, {}, one_line(type + ": " + message + " " + text_in(*error, "details"))};
    if (type == "missing_node_type") {
        const auto* extra = object_in(*error, "extra_info");
        trouble.what = extra == nullptr ? std::string{} : text_in(*extra, "class_type");
        // A node without any class is no fault of the server's.
        if (!trouble.what.empty()) trouble.kind = TroubleKind::missing_node;
    } else if (type == "invalid_prompt" && speaks_of(message, "does not exist")) {
        trouble.kind = TroubleKind::missing_node;
        trouble.what = class_in_message(message);
    }
    return trouble;
}

PromptOutcome outcome_of_200(const std::string& body, const PromptId& id) {
    const auto read = parse_python_json(body, answer_bytes_max);
    if (!read) return PromptUnclear{read.error().detail};
    const auto* answer = read->if_object();
    if (answer == nullptr) return PromptUnclear{"the answer is no object"};
    if (text_in(*answer, "prompt_id") != id.str())
        return PromptUnclear{"the answer is about another prompt: " +
                             one_line(text_in(*answer, "prompt_id"))};
    const auto* node_errors = object_in(*answer, "node_errors");
    if (node_errors == nullptr || node_errors->empty()) return PromptTaken{};
    return PromptRejected{*worst_of(*node_errors), true};
}

PromptOutcome outcome_of_failure(const ports::FetchFailure& failure) {
    auto why = one_line(failure.detail);
    switch (failure.kind) {
        case FetchError::bad_url:
            return PromptNotTaken{NotTakenKind::refused, std::move(why)};
        case FetchError::unreachable:
        case FetchError::timed_out:  // before anything was sent
        case FetchError::tls:
        case FetchError::withheld:
            return PromptNotTaken{NotTakenKind::not_ready, std::move(why)};
        case FetchError::interrupted:
        case FetchError::answer_too_large:
        case FetchError::stopped:
            break;
    }
    return PromptUnclear{std::move(why)};
}

PromptOutcome outcome_of_400(const ports::FetchedAnswer& answer) {
    const auto read = parse_python_json(answer.body, answer_bytes_max);
    const auto* body = read ? read->if_object() : nullptr;
    if (body == nullptr) return PromptNotTaken{NotTakenKind::refused, "HTTP 400: " + one_line(answer.body)};
    return PromptRejected{trouble_of_refusal(*body), false};
}

}  // namespace

Result<json::object, Trouble> read_graph(std::string_view graph_json) {
    auto read = parse_python_json(graph_json, graph_bytes_max, graph_depth_max);
    if (!read) return no_graph("the workflow cannot be read: " + read.error().detail);
    if (!read->is_object()) return no_graph("the workflow is no JSON object");
    auto& graph = read->get_object();
    if (array_in(graph, "nodes") != nullptr &&
        (array_in(graph, "links") != nullptr || graph.if_contains("last_node_id") != nullptr))
        return no_graph("this is the file that the editor saves; use its menu item Export (API)");
    if (graph.empty()) return no_graph("the workflow has no nodes");
    if (graph.size() > graph_nodes_max)
        return no_graph("the workflow has more than " + std::to_string(graph_nodes_max) + " nodes");
    for (const auto& [id, value] : graph) {
        const auto* node = value.if_object();
        const bool is_node = !id.empty() && id.size() <= node_id_bytes_max && node != nullptr &&
                             !text_in(*node, "class_type").empty() && object_in(*node, "inputs") != nullptr;
        if (!is_node)
            return no_graph("node " + one_line(std::string_view(id.data(), id.size())) +
                            " has no class_type or no inputs");
    }
    return std::move(graph);
}

int set_save_folder(json::object& graph, std::string_view folder,
                    const std::map<std::string, std::string>& role_of_node) {
    int saving = 0;
    for (auto& [id, value] : graph) {
        auto* node = value.if_object();
        auto* inputs = node == nullptr ? nullptr : node->if_contains("inputs");
        if (inputs == nullptr || !inputs->is_object()) continue;
        auto* prefix = inputs->get_object().if_contains("filename_prefix");
        if (prefix == nullptr) continue;
        const auto role = role_of_node.find(std::string(id.data(), id.size()));
        const auto name = role != role_of_node.end() ? role->second : name_of_node({id.data(), id.size()});
        *prefix = std::string(folder) + "/" + name;
        ++saving;
    }
    return saving;
}

std::string write_prompt(const PromptOrder& order) {
    JsonWriter body;
    body.begin_object().raw_member("prompt", order.graph_json);
    body.member("client_id", order.client_id).member("prompt_id", order.id.str());
    if (!order.api_node_key.empty()) {
        body.key("extra_data").begin_object();
        body.member("api_key_comfy_org", order.api_node_key).end_object();
    }
    return body.end_object().take();
}

PromptOutcome prompt_outcome(const HttpAnswer& answer, const PromptId& id) {
    if (!answer) return outcome_of_failure(answer.error());
    const auto status = answer->status;
    const auto why = "HTTP " + std::to_string(status);
    if (status == 200) return outcome_of_200(answer->body, id);
    if (status == 400) return outcome_of_400(*answer);
    if (status == 401 || status == 403) return PromptNotTaken{NotTakenKind::auth, why};
    if (status == 413)
        return PromptNotTaken{NotTakenKind::too_large, why + ": ComfyUI takes more with --max-upload-size"};
    if (status == 429) return PromptNotTaken{NotTakenKind::busy, why};
    // No route: a proxy answers for a pod that is not there yet. 503: likewise, by the proxy's own words.
    if (status == 404 || status == 408 || status == 503) return PromptNotTaken{NotTakenKind::not_ready, why};
    if (status >= 300 && status < 500) return PromptNotTaken{NotTakenKind::refused, why};
    return PromptUnclear{why};
}

}  // namespace darkroom::comfyui
