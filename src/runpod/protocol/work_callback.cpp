#include "runpod/protocol/work_callback.h"

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/object_reader.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t callback_bytes_max = work_result_bytes_max + (64u << 10);
constexpr std::size_t message_bytes_max = 4096;

RemoteJobId read_remote_id(ObjectReader& reader) {
    const auto id = RemoteJobId::parse(reader.needed_text("remote_id", remote_job_id_bytes_max));
    if (!id) reader.complain("remote_id", "is no id");
    return id.value_or(RemoteJobId());
}

std::string read_worker_id(ObjectReader& reader) {
    auto id = reader.needed_text("worker_id", 128);
    if (!is_word(id, "_.:-", 128)) reader.complain("worker_id", "is no id");
    return id;
}

void read_end(ObjectReader& reader, WorkCallback& callback) {
    const auto status = reader.needed_text("status", 32);
    if (status == "COMPLETED") {
        if (reader.object("result") == nullptr) reader.complain("result", "is missing");
    } else if (status == "FAILED") {
        const auto* error = reader.object("error");
        if (error == nullptr) return reader.complain("error", "is missing");
        ObjectReader inner(*error, "error.");
        callback.failure =
            WorkFailure{inner.needed_text("code", 64), inner.text("message", message_bytes_max)};
        if (!inner.ok()) reader.complain({}, inner.error().detail);
    } else {
        reader.complain("status", "is neither COMPLETED nor FAILED");
    }
}

}  // namespace

std::string write_work_claim(const WorkClaim& claim) {
    JsonWriter json;
    json.begin_object().member("attempt_token", claim.attempt_token);
    json.member("remote_id", claim.remote_id.str()).member("worker_id", claim.worker_id);
    return json.end_object().take();
}

Result<WorkClaim, ProtocolError> parse_work_claim(std::string_view body) {
    const auto value = parse_json(body, work_claim_bytes_max);
    if (!value) return Fail(ProtocolError{value.error().detail});
    const auto* object = value->if_object();
    if (object == nullptr) return Fail(ProtocolError{"the claim is no object"});
    ObjectReader reader(*object, "");
    WorkClaim claim;
    claim.attempt_token = reader.needed_text("attempt_token", 256);
    if (!is_word(claim.attempt_token, "_.-", 256)) reader.complain("attempt_token", "is no token");
    claim.remote_id = read_remote_id(reader);
    claim.worker_id = read_worker_id(reader);
    if (!reader.ok()) return Fail(reader.error());
    return claim;
}

std::string write_work_callback(const WorkCallback& callback) {
    JsonWriter json;
    json.begin_object().member("job_id", callback.job_id);
    if (callback.attempt) json.member("attempt", callback.attempt->str());
    if (!callback.attempt_token.empty()) json.member("attempt_token", callback.attempt_token);
    json.member("remote_id", callback.remote_id.str()).member("worker_id", callback.worker_id);
    if (callback.result) {
        json.member("status", "COMPLETED").raw_member("result", write_work_result(*callback.result));
    } else {
        const auto failure = callback.failure.value_or(WorkFailure{"internal", ""});
        json.member("status", "FAILED").key("error").begin_object();
        json.member("code", failure.code).member("message", failure.message).end_object();
    }
    return json.end_object().take();
}

Result<WorkCallback, ProtocolError> parse_work_callback(std::string_view body) {
    const auto value = parse_json(body, callback_bytes_max);
    if (!value) return Fail(ProtocolError{value.error().detail});
    const auto* object = value->if_object();
    if (object == nullptr) return Fail(ProtocolError{"the callback is no object"});
    ObjectReader reader(*object, "");
    WorkCallback callback;
    callback.job_id = reader.needed_text("job_id", 128);
    if (!is_word(callback.job_id, "_.:-", 128)) reader.complain("job_id", "is no id");
    if (!reader.text("attempt", 64).empty()) callback.attempt = reader.id<AttemptId>("attempt");
    callback.attempt_token = reader.text("attempt_token", 256);
    if (!callback.attempt_token.empty() && !is_word(callback.attempt_token, "_.-", 256))
        reader.complain("attempt_token", "is no token");
    callback.remote_id = read_remote_id(reader);
    callback.worker_id = read_worker_id(reader);
    read_end(reader, callback);
    if (!reader.ok()) return Fail(reader.error());
    if (callback.failure) return callback;
    auto members = pick_json_members(body, {{"result", body.size()}}, body.size());
    if (!members) return Fail(std::move(members).error());
    auto result = parse_work_result(members->take_json("result").value_or(""));
    if (!result) return Fail(std::move(result).error());
    callback.result = *std::move(result);
    return callback;
}

}  // namespace darkroom::runpod
