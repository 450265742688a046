#include "cli/job_view.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/ids.h"

namespace darkroom::cli {
namespace {

namespace json = boost::json;

const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(json::string_view(name.data(), name.size()));
}

std::optional<OutputView> find_main_output(const json::object& job) {
    const auto* outputs = array_member(job, "outputs");
    if (outputs == nullptr) return std::nullopt;
    for (const auto& output : *outputs) {
        if (!output.is_object() || text_member(output.get_object(), "role") != "main") continue;
        const auto& object = output.get_object();
        OutputView view;
        view.url = text_member(object, "url");
        view.content_type = text_member(object, "content_type");
        view.sha256 = text_member(object, "sha256");
        view.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(number_member(object, "bytes"), 0));
        view.width = number_member(object, "width");
        view.height = number_member(object, "height");
        return view;
    }
    return std::nullopt;
}

std::string find_file(const json::object& job) {
    if (const auto* metadata = object_member(job, "metadata")) {
        if (auto name = text_member(*metadata, "cli_file"); !name.empty()) return name;
    }
    const auto* inputs = array_member(job, "inputs");
    if (inputs == nullptr || inputs->empty() || !inputs->front().is_object()) return {};
    return text_member(inputs->front().get_object(), "name");
}

/// What only attempts elsewhere have: a wait for a worker, and a price.
void read_attempts(const json::object& job, JobView& view) {
    const auto* attempts = array_member(job, "attempts");
    if (attempts == nullptr) return;
    for (const auto& entry : *attempts) {
        const auto* attempt = entry.if_object();
        const auto cost = attempt == nullptr ? std::nullopt : decimal_member(*attempt, "cost_usd");
        if (!cost) continue;
        view.cost_usd = view.cost_usd.value_or(0) + *cost;
        view.waited = Milliseconds(std::max<std::int64_t>(number_member(*attempt, "delay_ms"), 0));
    }
}

}  // namespace

std::optional<Milliseconds> JobView::work_time() const {
    if (!started_at || !finished_at || *finished_at < *started_at) return std::nullopt;
    return *finished_at - *started_at;
}

std::optional<JobView> view_job(const json::object& job) {
    JobView view;
    const auto id = JobId::parse(text_member(job, "id"));
    view.status = text_member(job, "status");
    if (!id || view.status.empty()) return std::nullopt;
    view.id = id->str();
    view.type = text_member(job, "type");
    if (const auto* error = object_member(job, "error")) {
        view.error_code = text_member(*error, "code");
        view.error_message = text_member(*error, "message");
        const auto* retryable = member(*error, "retryable");
        view.error_retryable = retryable != nullptr && retryable->is_bool() && retryable->get_bool();
    }
    view.file = find_file(job);
    view.attempt_count = number_member(job, "attempt_count");
    view.main_output = find_main_output(job);
    if (const auto* progress = object_member(job, "progress")) view.stage = text_member(*progress, "stage");
    read_attempts(job, view);
    view.created_at = parse_rfc3339(text_member(job, "created_at"));
    view.started_at = parse_rfc3339(text_member(job, "started_at"));
    view.finished_at = parse_rfc3339(text_member(job, "finished_at"));
    view.inputs_removed_at = parse_rfc3339(text_member(job, "inputs_removed_at"));
    view.outputs_removed_at = parse_rfc3339(text_member(job, "outputs_removed_at"));
    return view;
}

std::string text_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

std::optional<double> decimal_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    return value->to_number<double>();
}

const json::object* object_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr ? value->if_object() : nullptr;
}

const json::array* array_member(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr ? value->if_array() : nullptr;
}

}  // namespace darkroom::cli
