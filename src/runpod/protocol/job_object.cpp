#include "runpod/protocol/job_object.h"

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t error_bytes_max = 256u << 10;
constexpr std::size_t state_text_bytes_max = 64;
constexpr std::int64_t plausible_ms_max = 10LL * 365 * 24 * 3'600'000;
constexpr std::int64_t plausible_retries_max = 1'000'000;

std::optional<Milliseconds> read_duration(JsonMembers& members, std::string_view name) {
    const auto count = members.take_count(name);
    if (!count || *count > plausible_ms_max) return std::nullopt;
    return Milliseconds(*count);
}

std::optional<std::string> read_error(JsonMembers& members) {
    if (members.too_large("error")) return "(an error text of more than 256 KiB)";
    if (auto text = members.take_text("error")) return text;
    return members.take_json("error");
}

void write_members(JsonWriter& json, const JobObject& job) {
    if (job.delay) json.member("delayTime", *job.delay);
    if (job.execution) json.member("executionTime", *job.execution);
    json.member("id", job.id.str());
    if (job.output_json) json.raw_member("output", *job.output_json);
    if (job.error) json.member("error", *job.error);
    if (job.retries > 0) json.member("retries", job.retries);
    const auto state = job.state_text.empty() ? name_of(job.state) : std::string_view(job.state_text);
    json.member("status", state);
}

}  // namespace

struct JobObjectReader::State {
    explicit State(JobObjectLimits limits)
        : members({{"id", 256},
                   {"status", 256},
                   {"delayTime", 64},
                   {"executionTime", 64},
                   {"output", limits.output_bytes_max},
                   {"error", error_bytes_max},
                   {"workerId", 256},
                   {"retries", 64}},
                  limits.body_bytes_max) {}
    JsonMembers members;
};

JobObjectReader::JobObjectReader(JobObjectLimits limits) : state_(std::make_unique<State>(limits)) {}
JobObjectReader::~JobObjectReader() = default;
JobObjectReader::JobObjectReader(JobObjectReader&&) noexcept = default;
JobObjectReader& JobObjectReader::operator=(JobObjectReader&&) noexcept = default;

bool JobObjectReader::feed(std::string_view piece) { return state_->members.feed(piece); }

Result<JobObject, ProtocolError> JobObjectReader::finish() {
    auto& members = state_->members;
    if (auto done = members.finish(); !done)
        return Fail(ProtocolError{"the job cannot be read: " + done.error().detail});
    JobObject job;
    const auto id = RemoteJobId::parse(members.take_text("id").value_or(""));
    if (!id) return Fail(ProtocolError{"the job has no readable id"});
    job.id = *id;
    const auto state = members.take_text("status");
    if (!state || state->empty()) return Fail(ProtocolError{"the job has no readable status"});
    job.state = parse_job_state(*state);
    job.state_text = state->substr(0, state_text_bytes_max);
    job.delay = read_duration(members, "delayTime");
    job.execution = read_duration(members, "executionTime");
    job.output_too_large = members.too_large("output");
    job.output_json = members.take_json("output");
    job.error = read_error(members);
    job.worker_id = members.take_text("workerId");
    const auto retries = members.take_count("retries").value_or(0);
    job.retries = static_cast<int>(std::min(retries, plausible_retries_max));
    return job;
}

Result<JobObject, ProtocolError> parse_job_object(std::string_view text, JobObjectLimits limits) {
    JobObjectReader reader(limits);
    reader.feed(text);
    return reader.finish();
}

std::string write_job_object(const JobObject& job) {
    JsonWriter json;
    json.begin_object();
    write_members(json, job);
    if (job.worker_id) json.member("workerId", *job.worker_id);
    return json.end_object().take();
}

std::string write_webhook_body(const JobObject& job, std::string_view input_json, std::string_view webhook) {
    JsonWriter json;
    json.begin_object();
    write_members(json, job);
    json.raw_member("input", input_json).member("webhook", webhook);
    return json.end_object().take();
}

}  // namespace darkroom::runpod
