#include "runpod/protocol/submit.h"

#include <algorithm>

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/object_reader.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t webhook_bytes_max = 2048;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    const auto from = text.find_first_not_of(white);
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(white) - from + 1);
}

void write_policy(JsonWriter& json, const Policy& policy) {
    if (!policy.execution_timeout && !policy.ttl && !policy.low_priority) return;
    json.key("policy").begin_object();
    if (policy.execution_timeout) json.member("executionTimeout", *policy.execution_timeout);
    if (policy.low_priority) json.member("lowPriority", true);
    if (policy.ttl) json.member("ttl", *policy.ttl);
    json.end_object();
}

Result<std::optional<Milliseconds>, ProtocolError> read_time(JsonMembers& policy, std::string_view name,
                                                             Milliseconds least) {
    const auto count = policy.take_count(name);
    if (!count) {
        if (policy.too_large(name) || policy.take_json(name))
            return Fail(ProtocolError{"policy." + std::string(name) + " is no whole number of milliseconds"});
        return std::optional<Milliseconds>();
    }
    if (*count < least.count() || *count > policy_time_max.count()) {
        return Fail(ProtocolError{"policy." + std::string(name) + " must lie between " +
                                  std::to_string(least.count()) + " and " +
                                  std::to_string(policy_time_max.count()) + " ms"});
    }
    return std::optional<Milliseconds>(Milliseconds(*count));
}

Result<Policy, ProtocolError> read_policy(const std::string& text) {
    if (text.front() != '{') return Fail(ProtocolError{"policy is no object"});
    auto members =
        pick_json_members(text, {{"executionTimeout", 64}, {"ttl", 64}, {"lowPriority", 64}}, text.size());
    if (!members) return Fail(ProtocolError{"policy: " + members.error().detail});
    Policy policy;
    auto execution = read_time(*members, "executionTimeout", execution_timeout_min);
    if (!execution) return Fail(std::move(execution).error());
    policy.execution_timeout = *execution;
    auto ttl = read_time(*members, "ttl", ttl_min);
    if (!ttl) return Fail(std::move(ttl).error());
    policy.ttl = *ttl;
    const auto low = members->take_json("lowPriority").value_or("false");
    if (members->too_large("lowPriority") || (low != "true" && low != "false"))
        return Fail(ProtocolError{"policy.lowPriority is neither true nor false"});
    policy.low_priority = low == "true";
    return policy;
}

Result<std::optional<std::string>, ProtocolError> read_webhook(JsonMembers& members) {
    if (members.too_large("webhook")) return Fail(ProtocolError{"webhook is longer than a URL may be"});
    auto text = members.take_text("webhook");
    if (!text) {
        if (members.take_json("webhook")) return Fail(ProtocolError{"webhook is no string"});
        return std::optional<std::string>();
    }
    if (text->empty()) return std::optional<std::string>();
    if (text->size() > webhook_bytes_max || !is_http_url(*text))
        return Fail(ProtocolError{"webhook is no http or https URL"});
    return text;
}

}  // namespace

bool is_empty_input(std::string_view input_json) {
    const auto text = trimmed(input_json);
    if (text.empty() || text == "null" || text == "\"\"") return true;
    const bool braces =
        (text.front() == '{' && text.back() == '}') || (text.front() == '[' && text.back() == ']');
    return braces && trimmed(text.substr(1, text.size() - 2)).empty();
}

std::string write_submit_request(const SubmitRequest& request) {
    JsonWriter json;
    json.begin_object().raw_member("input", request.input_json);
    if (request.webhook) json.member("webhook", *request.webhook);
    write_policy(json, request.policy);
    if (request.s3_config_json) json.raw_member("s3Config", *request.s3_config_json);
    return json.end_object().take();
}

Result<SubmitRequest, ProtocolError> parse_submit_request(std::string_view body, std::size_t bytes_max) {
    auto members = pick_json_members(
        body, {{"input", bytes_max}, {"webhook", 8192}, {"policy", 8192}, {"s3Config", 16384}}, bytes_max);
    if (!members) return Fail(ProtocolError{"the body cannot be used: " + members.error().detail});
    SubmitRequest request;
    request.input_json = members->take_json("input").value_or("null");
    if (is_empty_input(request.input_json)) return Fail(ProtocolError{"input is missing or empty"});
    auto webhook = read_webhook(*members);
    if (!webhook) return Fail(std::move(webhook).error());
    request.webhook = *std::move(webhook);
    if (members->too_large("policy") || members->too_large("s3Config"))
        return Fail(ProtocolError{"policy or s3Config is too large"});
    if (const auto policy = members->take_json("policy")) {
        auto read = read_policy(*policy);
        if (!read) return Fail(std::move(read).error());
        request.policy = *read;
    }
    request.s3_config_json = members->take_json("s3Config");
    if (request.s3_config_json && request.s3_config_json->front() != '{')
        return Fail(ProtocolError{"s3Config is no object"});
    return request;
}

std::string write_submit_answer(const SubmitAnswer& answer) {
    JsonWriter json;
    json.begin_object().member("id", answer.id.str()).member("status", name_of(answer.state));
    return json.end_object().take();
}

Result<SubmitAnswer, ProtocolError> parse_submit_answer(std::string_view body) {
    auto members = pick_json_members(body, {{"id", 256}, {"status", 256}}, runsync_body_bytes_max);
    if (!members) return Fail(ProtocolError{"the answer cannot be read: " + members.error().detail});
    const auto id = members->take_text("id");
    if (!id) return Fail(ProtocolError{"the answer has no id"});
    auto remote = RemoteJobId::parse(*id);
    if (!remote) return Fail(ProtocolError{"the answer's id is none"});
    return SubmitAnswer{*std::move(remote), parse_job_state(members->take_text("status").value_or(""))};
}

}  // namespace darkroom::runpod
