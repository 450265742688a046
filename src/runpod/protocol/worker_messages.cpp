#include "runpod/protocol/worker_messages.h"

#include "base/json_writer.h"
#include "base/percent.h"
#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t jobs_max = 1000;
constexpr std::size_t stop_body_bytes_max = 1u << 20;
constexpr std::size_t reason_characters_max = 256;

Result<std::optional<TakenJob>, ProtocolError> parse_one(std::string_view text, std::size_t bytes_max) {
    auto members = pick_json_members(
        text, {{"id", 256}, {"input", bytes_max}, {"webhook", 8192}, {"s3Config", 16384}}, bytes_max);
    if (!members) return Fail(ProtocolError{"the job cannot be read: " + members.error().detail});
    auto id = RemoteJobId::parse(members->take_text("id").value_or(""));
    if (!id) return std::optional<TakenJob>();
    TakenJob job;
    job.id = *std::move(id);
    job.input_json = members->take_json("input");
    job.webhook = members->take_text("webhook");
    job.s3_config_json = members->take_json("s3Config");
    return std::optional<TakenJob>(std::move(job));
}

void write_one(JsonWriter& json, const TakenJob& job) {
    json.begin_object().member("id", job.id.str());
    if (job.input_json) json.raw_member("input", *job.input_json);
    if (job.webhook) json.member("webhook", *job.webhook);
    if (job.s3_config_json) json.raw_member("s3Config", *job.s3_config_json);
    json.end_object();
}

}  // namespace

Result<TakenJobs, ProtocolError> parse_taken_jobs(std::string_view body, std::size_t bytes_max) {
    std::vector<std::string> texts;
    if (first_json_character(body) == '[') {
        auto split = split_json_array(body, bytes_max, jobs_max);
        if (!split) return Fail(ProtocolError{"the jobs cannot be read: " + split.error().detail});
        texts = *std::move(split);
    } else {
        texts.emplace_back(body);
    }
    TakenJobs taken;
    for (const auto& text : texts) {
        auto job = parse_one(text, bytes_max);
        if (!job) {
            if (texts.size() == 1) return Fail(std::move(job).error());
            ++taken.without_id;
        } else if (!job->has_value()) {
            ++taken.without_id;
        } else {
            taken.jobs.push_back(**std::move(job));
        }
    }
    return taken;
}

std::string write_taken_job(const TakenJob& job) {
    JsonWriter json;
    write_one(json, job);
    return json.take();
}

std::string write_taken_jobs(std::span<const TakenJob> jobs) {
    JsonWriter json;
    json.begin_array();
    for (const auto& job : jobs) write_one(json, job);
    return json.end_array().take();
}

Result<DoneReport, ProtocolError> parse_done_report(std::string_view body, std::size_t bytes_max) {
    auto members = pick_json_members(
        body, {{"status", 256}, {"output", bytes_max}, {"error", bytes_max}, {"stopPod", 16}}, bytes_max);
    if (!members) return Fail(ProtocolError{"the report cannot be read: " + members.error().detail});
    DoneReport report;
    report.is_progress = members->take_text("status") == "IN_PROGRESS";
    report.output_json = members->take_json("output");
    report.error = members->take_text("error");
    report.error_is_no_text = !report.error && members->take_json("error").has_value();
    report.stop_worker = members->take_json("stopPod") == "true";
    return report;
}

std::string write_done_report(const DoneReport& report) {
    JsonWriter json;
    json.begin_object();
    if (report.is_progress) json.member("status", "IN_PROGRESS");
    if (report.output_json) json.raw_member("output", *report.output_json);
    if (report.error) json.member("error", *report.error);
    if (report.stop_worker) json.member("stopPod", true);
    return json.end_object().take();
}

Result<StreamChunk, ProtocolError> parse_stream_chunk(std::string_view body, std::size_t bytes_max) {
    auto members = pick_json_members(body, {{"output", bytes_max}, {"error", bytes_max}}, bytes_max);
    if (!members) return Fail(ProtocolError{"the chunk cannot be read: " + members.error().detail});
    StreamChunk chunk;
    chunk.output_json = members->take_json("output");
    chunk.error = members->take_text("error");
    return chunk;
}

std::string write_stream_chunk(const StreamChunk& chunk) {
    JsonWriter json;
    json.begin_object();
    if (chunk.output_json) json.raw_member("output", *chunk.output_json);
    if (chunk.error) json.member("error", *chunk.error);
    return json.end_object().take();
}

Result<std::vector<RemoteJobId>, ProtocolError> parse_jobs_to_stop(std::string_view body) {
    auto members = pick_json_members(body, {{"jobsToStop", stop_body_bytes_max}}, stop_body_bytes_max);
    if (!members) return Fail(ProtocolError{"the list cannot be read: " + members.error().detail});
    std::vector<RemoteJobId> ids;
    const auto list = members->take_json("jobsToStop");
    if (!list) return ids;
    auto texts = split_json_array(*list, stop_body_bytes_max, 100 * jobs_max);
    if (!texts) return Fail(ProtocolError{"jobsToStop: " + texts.error().detail});
    for (const auto& text : *texts) {
        // An id needs no escape, so its text is itself between quotes.
        if (text.size() < 2 || text.front() != '"') continue;
        if (auto id = RemoteJobId::parse(std::string_view(text).substr(1, text.size() - 2)))
            ids.push_back(*std::move(id));
    }
    return ids;
}

std::string write_jobs_to_stop(std::span<const RemoteJobId> ids) {
    JsonWriter json;
    json.begin_object().key("jobsToStop").begin_array();
    for (const auto& id : ids) json.value(id.str());
    return json.end_array().end_object().take();
}

std::string ping_query(std::span<const RemoteJobId> in_hand, std::string_view version) {
    std::string query;
    for (const auto& id : in_hand) {
        query += query.empty() ? "job_id=" : "%2C";
        query += id.str();
    }
    if (!query.empty()) query += "&";
    return query + "runpod_version=" + percent_encode(version);
}

std::string unhealthy_query(std::string_view check, std::string_view reason, std::string_view version) {
    return "status=unhealthy&check=" + percent_encode(check) +
           "&reason=" + percent_encode(reason.substr(0, reason_characters_max)) +
           "&runpod_version=" + percent_encode(version);
}

std::vector<RemoteJobId> parse_ping_job_ids(std::string_view job_id) {
    std::vector<RemoteJobId> ids;
    while (!job_id.empty()) {
        const auto comma = std::min(job_id.find(','), job_id.size());
        if (auto id = RemoteJobId::parse(job_id.substr(0, comma))) ids.push_back(*std::move(id));
        job_id.remove_prefix(std::min(comma + 1, job_id.size()));
    }
    return ids;
}

}  // namespace darkroom::runpod
