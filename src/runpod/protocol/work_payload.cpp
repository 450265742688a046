#include "runpod/protocol/work_payload.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/object_reader.h"
#include "runpod/protocol/output_path.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t url_bytes_max = 4096;
constexpr std::size_t type_bytes_max = 64;
constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t node_bytes_max = 64;
constexpr std::size_t header_bytes_max = 1024;
constexpr std::size_t headers_max = 32;
constexpr std::uint64_t seconds_max = 604'800;
constexpr std::uint64_t seconds_default = 600;

void write_input(JsonWriter& json, const WorkInput& input) {
    json.begin_object();
    if (!input.url.empty()) json.member("url", input.url);
    if (!input.path.empty()) json.member("path", input.path);
    if (!input.content_type.empty()) json.member("content_type", input.content_type);
    if (input.bytes > 0) json.member("bytes", input.bytes);
    if (!input.sha256.empty()) json.member("sha256", input.sha256);
    if (!input.name.empty()) json.member("name", input.name);
    json.end_object();
}

void write_slot(JsonWriter& json, const WorkOutputSlot& slot) {
    json.begin_object().member("role", slot.role).member("content_type", slot.content_type);
    json.member("key", slot.key).member("url", slot.url).key("headers").begin_object();
    for (const auto& [name, value] : slot.headers) json.member(name, value);
    json.end_object().end_object();
}

std::string read_url(ObjectReader& reader, std::string_view name) {
    auto url = reader.text(name, url_bytes_max);
    if (!url.empty() && !is_http_url(url)) reader.complain(name, "is no http or https URL");
    return url;
}

WorkInput read_input(ObjectReader& reader) {
    WorkInput input;
    input.url = read_url(reader, "url");
    input.path = reader.text("path", path_bytes_max);
    input.content_type = reader.text("content_type", type_bytes_max);
    input.bytes = reader.count("bytes");
    input.sha256 = reader.text("sha256", 64);
    if (input.url.empty() == input.path.empty()) reader.complain("url", "or path is needed, and not both");
    if (!input.sha256.empty() && !is_sha256_hex(input.sha256))
        reader.complain("sha256", "is no SHA-256 in lower-case hex");
    input.name = reader.text("name", name_bytes_max);
    if (!input.name.empty() && !is_input_name(input.name)) reader.complain("name", "is no name of a file");
    return input;
}

bool is_header_value(std::string_view text) {
    for (const char c : text) {
        if (c < ' ' || c > '~') return false;
    }
    return text.size() <= header_bytes_max;
}

void read_headers(ObjectReader& reader, WorkOutputSlot& slot) {
    const auto* headers = reader.object("headers");
    if (headers == nullptr) return;
    if (headers->size() > headers_max) return reader.complain("headers", "has too many members");
    for (const auto& [key, value] : *headers) {
        const std::string name(key);
        const auto* text = value.if_string();
        if (text == nullptr || !is_word(name, "-", 64) || !is_header_value({text->data(), text->size()}))
            return reader.complain("headers", "holds what is no header");
        slot.headers.emplace_back(name, std::string(*text));
    }
}

WorkOutputSlot read_slot(ObjectReader& reader) {
    WorkOutputSlot slot;
    slot.role = reader.needed_text("role", type_bytes_max);
    slot.content_type = reader.needed_text("content_type", type_bytes_max);
    slot.key = reader.needed_text("key", path_bytes_max);
    slot.url = read_url(reader, "url");
    if (slot.url.empty()) reader.complain("url", "is missing");
    read_headers(reader, slot);
    return slot;
}

// Reads each element of an array of objects with `read`.
template <class T, class Read>
std::vector<T> read_each(ObjectReader& parent, std::string_view name, std::size_t elements_max, Read read) {
    std::vector<T> all;
    const auto* array = parent.array(name, elements_max);
    if (array == nullptr) return all;
    for (std::size_t i = 0; i < array->size(); ++i) {
        const auto* object = (*array)[i].if_object();
        if (object == nullptr) {
            parent.complain(name, "holds something that is no object");
            return all;
        }
        ObjectReader reader(*object, std::string(name) + "[" + std::to_string(i) + "].");
        all.push_back(read(reader));
        if (!reader.ok()) {
            parent.complain({}, reader.error().detail);
            return all;
        }
    }
    return all;
}

std::optional<WorkFence> read_fence(ObjectReader& parent) {
    const auto* object = parent.object("_darkroom");
    if (object == nullptr) return std::nullopt;
    ObjectReader reader(*object, "_darkroom.");
    WorkFence fence;
    fence.job = reader.id<JobId>("job");
    fence.attempt = reader.id<AttemptId>("attempt");
    fence.attempt_token = reader.needed_text("attempt_token", 256);
    fence.claim_url = read_url(reader, "claim_url");
    if (!is_word(fence.attempt_token, "_.-", 256)) reader.complain("attempt_token", "is no token");
    if (!reader.ok()) parent.complain({}, reader.error().detail);
    return fence;
}

std::map<std::string, std::string> read_roles(ObjectReader& reader) {
    std::map<std::string, std::string> roles;
    const auto* object = reader.object("role_of_node");
    if (object == nullptr) return roles;
    if (object->size() > workflow_roles_max) reader.complain("role_of_node", "has too many members");
    for (const auto& [node, value] : *object) {
        const auto* role = value.if_string();
        if (role == nullptr || !is_word({role->data(), role->size()}, "_", type_bytes_max) ||
            node.size() > node_bytes_max) {
            reader.complain("role_of_node", "holds what is no role");
            break;
        }
        roles.emplace(std::string(node.data(), node.size()), std::string(*role));
    }
    return roles;
}

// A workflow without a main output, or with inputs that it cannot name, is a mistake of who sent it.
void check_workflow(ObjectReader& reader, const WorkPayload& payload) {
    if (reader.object("workflow_api") == nullptr) {
        if (payload.inputs.empty()) reader.complain("inputs", "is missing or empty");
        return;
    }
    const auto is_main = [](const auto& entry) { return entry.second == "main"; };
    if (std::count_if(payload.role_of_node.begin(), payload.role_of_node.end(), is_main) != 1)
        reader.complain("role_of_node", "must say of exactly one node that it is main");
    std::set<std::string> names;
    for (const auto& input : payload.inputs) {
        if (!names.insert(input.name).second || input.name.empty())
            reader.complain("inputs", "need a name each, and no two the same, for a workflow");
    }
}

void check_words(ObjectReader& reader, const WorkPayload& payload) {
    if (!is_word(payload.job_id, "_.:-", 128)) reader.complain("job_id", "is no id");
    if (!is_word(payload.type, "_.-", type_bytes_max)) reader.complain("type", "is no job type");
    if (!is_header_value(payload.auth)) reader.complain("auth", "is no header value");
}

WorkPayload read_payload(ObjectReader& reader) {
    WorkPayload payload;
    payload.job_id = reader.needed_text("job_id", 128);
    payload.type = reader.needed_text("type", type_bytes_max);
    (void)reader.object("params");  // checked here, taken as text by the caller
    payload.inputs = read_each<WorkInput>(reader, "inputs", work_inputs_max, read_input);
    payload.role_of_node = read_roles(reader);
    payload.output_prefix = reader.text("output_prefix", path_bytes_max);
    payload.outputs = read_each<WorkOutputSlot>(reader, "outputs", work_outputs_max, read_slot);
    payload.webhook_url = read_url(reader, "webhook_url");
    payload.auth = reader.text("auth", header_bytes_max);
    const auto seconds = reader.count("timeout_s", seconds_max);
    payload.time_limit = Milliseconds((seconds == 0 ? seconds_default : seconds) * 1000);
    payload.fence = read_fence(reader);
    check_words(reader, payload);
    check_workflow(reader, payload);
    return payload;
}

}  // namespace

bool is_input_name(std::string_view text) {
    return is_word(text, "_.- ", name_bytes_max) && text.front() != '.' && text.front() != ' ';
}

std::string write_work_payload(const WorkPayload& payload) {
    JsonWriter json;
    json.begin_object().member("job_id", payload.job_id).member("type", payload.type);
    json.raw_member("params", payload.params_json).key("inputs").begin_array();
    for (const auto& input : payload.inputs) write_input(json, input);
    json.end_array();
    if (!payload.workflow_json.empty()) {
        json.raw_member("workflow_api", payload.workflow_json).key("role_of_node").begin_object();
        for (const auto& [node, role] : payload.role_of_node) json.member(node, role);
        json.end_object();
    }
    if (!payload.output_prefix.empty()) json.member("output_prefix", payload.output_prefix);
    if (!payload.outputs.empty()) {
        json.key("outputs").begin_array();
        for (const auto& slot : payload.outputs) write_slot(json, slot);
        json.end_array();
    }
    if (!payload.webhook_url.empty()) json.member("webhook_url", payload.webhook_url);
    if (!payload.auth.empty()) json.member("auth", payload.auth);
    // Rounded up: a limit of 500 ms must not become none.
    json.member("timeout_s", (payload.time_limit.count() + 999) / 1000);
    if (payload.fence) {
        json.key("_darkroom").begin_object().member("job", payload.fence->job.str());
        json.member("attempt", payload.fence->attempt.str());
        json.member("attempt_token", payload.fence->attempt_token);
        if (!payload.fence->claim_url.empty()) json.member("claim_url", payload.fence->claim_url);
        json.end_object();
    }
    return json.end_object().take();
}

Result<WorkPayload, ProtocolError> parse_work_payload(std::string_view json) {
    const auto value = parse_json(json, work_payload_bytes_max);
    if (!value) return Fail(ProtocolError{"input: " + value.error().detail});
    const auto* object = value->if_object();
    if (object == nullptr) return Fail(ProtocolError{"input is no object"});
    ObjectReader reader(*object, "input.");
    auto payload = read_payload(reader);
    if (!reader.ok()) return Fail(reader.error());
    // Its own text, because numbers that were parsed and written again may read differently.
    auto members =
        pick_json_members(json, {{"params", json.size()}, {"workflow_api", workflow_bytes_max}}, json.size());
    if (!members) return Fail(std::move(members).error());
    if (members->too_large("workflow_api")) return Fail(ProtocolError{"input.workflow_api is too large"});
    payload.params_json = members->take_json("params").value_or("{}");
    payload.workflow_json = members->take_json("workflow_api").value_or("");
    return payload;
}

}  // namespace darkroom::runpod
