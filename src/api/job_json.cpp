#include "api/job_json.h"

#include <algorithm>

#include "api/usd.h"
#include "core/transfer_token.h"

namespace darkroom::api {
namespace {

void write_error(JsonWriter& json, const std::optional<core::JobError>& error,
                 const std::string& failed_step = {}) {
    json.key("error");
    if (!error) {
        json.null();
        return;
    }
    json.begin_object()
        .member("code", core::to_string(error->code))
        .member("message", error->message)
        .member("retryable", core::traits(error->code).retryable);
    if (!failed_step.empty()) json.member("failed_step", failed_step);
    json.end_object();
}

// What a download is called on the client's disk: the input's name without its ending, the type, the new
// ending.
std::string file_name_of(const core::Job& job, const core::OutputImage& output) {
    auto stem = job.inputs.empty() ? job.id.str() : job.inputs.front().name;
    if (const auto dot = stem.rfind('.'); dot != std::string::npos && dot > 0) stem.resize(dot);
    const auto role = output.role == "main" ? std::string() : "-" + output.role;
    // A report is the one output that is no picture.
    const std::string_view unknown = output.content_type == "application/json" ? "json" : "bin";
    return stem + "-" + job.type + role + "." +
           std::string(core::extension_of(output.content_type).value_or(unknown));
}

void write_input(JsonWriter& json, const core::InputImage& input) {
    json.begin_object()
        .member("name", input.name)
        .member("content_type", input.content_type)
        .member("bytes", input.bytes)
        .member("width", input.width)
        .member("height", input.height)
        .member("sha256", input.sha256)
        .end_object();
}

void write_outputs(JsonWriter& json, const ApiContext& context, const core::Job& job,
                   const std::vector<core::OutputImage>& outputs) {
    json.key("outputs").begin_array();
    for (const auto& output : outputs) {
        json.begin_object().member("role", output.role);
        if (job.outputs_removed_at) {
            json.null_member("url").null_member("url_expires_at");
        } else {
            const auto link =
                download_url(context, output.key, output.content_type, file_name_of(job, output));
            json.member("url", link.url).member("url_expires_at", link.expires_at);
        }
        json.member("content_type", output.content_type)
            .member("bytes", output.bytes)
            .member("width", output.width)
            .member("height", output.height)
            .member("sha256", output.sha256)
            .end_object();
    }
    json.end_array();
}

void write_text_or_null(JsonWriter& json, std::string_view name, const std::string& text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

// What this machine does is not paid for by the piece, and what RunPod has not told yet is not known: nothing
// is told rather than 0.
void write_cost(JsonWriter& json, const core::Attempt& attempt) {
    if (attempt.backend == "local" || attempt.cost_micro_usd == 0) {
        json.null_member("cost_usd");
    } else {
        json.raw_member("cost_usd", usd_text(attempt.cost_micro_usd));
    }
}

// Where an open job is on its way: a cold start is no slowness of the work.
void write_progress(JsonWriter& json, const ApiContext& context, const core::Job& job) {
    if (core::is_terminal(job.status)) {
        json.null_member("progress");
        return;
    }
    std::string_view stage = job.status == core::Status::running ? "running" : "queue";
    if (job.status == core::Status::dispatched && !job.attempts.empty() &&
        !job.attempts.back().waiting_for.empty())
        stage = job.attempts.back().waiting_for;
    json.key("progress").begin_object().member("stage", stage);
    const bool may_be_told = job.status == core::Status::running && !job.attempts.empty();
    const auto steps = may_be_told && context.progress != nullptr
                           ? context.progress->progress_of(job.attempts.back().id)
                           : std::nullopt;
    if (steps)
        json.member("value", steps->value).member("max", steps->max).member("percent", steps->percent());
    json.end_object();
}

void write_thumbnail(JsonWriter& json, const ApiContext& context, const core::Job& job,
                     const std::optional<core::ObjectKey>& thumbnail) {
    json.key("thumbnail_url");
    if (thumbnail && !job.outputs_removed_at) {
        json.value(download_url(context, *thumbnail, "image/jpeg", job.id.str() + ".jpg").url);
    } else {
        json.null();
    }
}

void write_attempt(JsonWriter& json, const ApiContext& context, const core::Job& job,
                   const core::Attempt& attempt) {
    json.begin_object()
        .member("id", attempt.id.str())
        .member("number", attempt.number)
        .member("backend", attempt.backend)
        .member("endpoint", attempt.endpoint);
    write_text_or_null(json, "remote_id", attempt.remote_id);
    json.member("status", core::to_string(attempt.status))
        .raw_member("params", attempt.params_json)
        .member("recipe", attempt.recipe);
    write_text_or_null(json, "recipe_digest", attempt.recipe_digest);
    json.member("delay_ms", attempt.delay).member("execution_ms", attempt.execution);
    write_cost(json, attempt);
    write_text_or_null(json, "gpu", attempt.gpu);
    write_text_or_null(json, "completed_via", attempt.completed_via);
    json.raw_member("models", attempt.models_json);
    write_outputs(json, context, job, attempt.outputs);
    write_thumbnail(json, context, job, attempt.thumbnail);
    json.raw_member("measures", attempt.measures_json).raw_member("warnings", attempt.warnings_json);
    write_error(json, attempt.error);
    json.member("created_at", attempt.created_at)
        .member("started_at", attempt.started_at)
        .member("finished_at", attempt.finished_at)
        .end_object();
}

const core::Attempt* selected_attempt(const core::Job& job) {
    if (!job.selected_attempt) return nullptr;
    const auto it = std::find_if(job.attempts.begin(), job.attempts.end(),
                                 [&](const auto& attempt) { return attempt.id == *job.selected_attempt; });
    return it == job.attempts.end() ? nullptr : &*it;
}

void write_results(JsonWriter& json, const ApiContext& context, const core::Job& job) {
    const auto* selected = selected_attempt(job);
    // A chain has no attempts: what it shows is composed of its steps'.
    const auto& outputs = selected != nullptr ? selected->outputs : job.outputs;
    write_outputs(json, context, job, outputs);
    json.key("output_urls").begin_array();
    for (const auto& output : outputs) {
        if (job.outputs_removed_at) break;
        json.value(download_url(context, output.key, output.content_type, file_name_of(job, output)).url);
    }
    json.end_array();
    write_thumbnail(json, context, job, job.thumbnail);
}

// The steps of a chain, and of which chain a step is; null where a job is neither.
void write_chain(JsonWriter& json, const core::Job& job) {
    json.key("steps");
    if (job.steps.empty()) {
        json.null();
    } else {
        json.begin_array();
        for (const auto& step : job.steps) {
            json.begin_object()
                .member("id", step.name)
                .member("job_id", step.job.str())
                .member("type", step.type)
                .member("status", core::to_string(step.status));
            write_error(json, step.error);
            json.end_object();
        }
        json.end_array();
    }
    json.key("chain");
    if (!job.place) {
        json.null();
        return;
    }
    const auto& place = *job.place;
    json.begin_object().member("id", place.chain.str()).member("step", place.step);
    write_text_or_null(json, "from",
                       place.from_step.empty() ? std::string() : place.from_step + "." + place.from_role);
    json.end_object();
}

std::string failed_step(const core::Job& job) {
    const auto it = std::find_if(job.steps.begin(), job.steps.end(),
                                 [](const auto& step) { return step.status == core::Status::failed; });
    return it == job.steps.end() ? std::string() : it->name;
}

}  // namespace

SignedUrl download_url(const ApiContext& context, const core::ObjectKey& key, const std::string& content_type,
                       const std::string& file_name) {
    const auto life = context.settings.download_url_life;
    if (context.objects.capabilities().presigns) {
        auto link = context.objects.presign_get(
            key, {.content_type = content_type, .file_name = file_name, .life = life});
        return {std::move(link.url), link.expires_at};
    }
    const auto expires_at = context.clock.now() + life;
    const auto token = core::seal(core::DownloadPermit{key, content_type, file_name, expires_at},
                                  context.settings.transfer_secret);
    return {context.settings.base_url + "/api/v1/objects/" + token, expires_at};
}

void write_job(JsonWriter& json, const ApiContext& context, const core::Job& job) {
    json.begin_object()
        .member("id", job.id.str())
        .member("user_id", job.user.str())
        .member("type", job.type)
        .member("status", core::to_string(job.status))
        .member("backend", job.backend)
        .raw_member("params", job.params_json)
        .raw_member("params_effective", job.params_effective_json);
    write_text_or_null(json, "recipe", job.recipe);
    write_text_or_null(json, "recipe_digest", job.recipe_digest);
    json.key("inputs").begin_array();
    for (const auto& input : job.inputs) write_input(json, input);
    json.end_array();
    write_results(json, context, job);
    write_error(json, job.error, failed_step(job));
    write_chain(json, job);
    json.member("attempt_count", job.attempts.size()).key("selected_attempt_id");
    if (job.selected_attempt) {
        json.value(job.selected_attempt->str());
    } else {
        json.null();
    }
    json.key("attempts").begin_array();
    for (const auto& attempt : job.attempts) write_attempt(json, context, job, attempt);
    // Nothing is held or charged before there are prices; the members are part of the contract from the first
    // day.
    json.end_array().raw_member("credits", R"({"held":0,"charged":0})");
    write_progress(json, context, job);
    json.null_member("batch_id")
        .member("priority", job.priority)
        .raw_member("metadata", job.metadata_json)
        .member("created_at", job.created_at)
        .member("updated_at", job.updated_at)
        .member("started_at", job.started_at)
        .member("finished_at", job.finished_at)
        .member("inputs_removed_at", job.inputs_removed_at)
        .member("outputs_removed_at", job.outputs_removed_at)
        .end_object();
}

std::string job_json(const ApiContext& context, const core::Job& job) {
    JsonWriter json;
    write_job(json, context, job);
    return json.take();
}

void write_upload(JsonWriter& json, const core::Upload& upload) {
    json.member("id", upload.id.str())
        .member("state", upload.ready ? "ready" : "pending")
        .member("filename", upload.name)
        .member("max_bytes", upload.bytes_max)
        .member("created_at", upload.created_at)
        .member("expires_at", upload.expires_at)
        .key("image");
    if (upload.image) {
        write_input(json, *upload.image);
    } else {
        json.null();
    }
}

}  // namespace darkroom::api
