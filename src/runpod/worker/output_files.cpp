#include "runpod/worker/output_files.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>

#include "base/digest.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "core/object_key.h"
#include "runpod/protocol/output_path.h"
#include "runpod/worker/backoff.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

JobError nowhere_for(const ports::ProducedFile& file) {
    return {ErrorCode::output_invalid,
            "The payload has no place for a " + file.role + " output of type " + file.content_type + "."};
}

std::string prefix_of(const WorkPayload& payload) {
    return payload.output_prefix.empty() ? "jobs/" + payload.job_id : payload.output_prefix;
}

std::string note_key(const WorkPayload& payload) { return prefix_of(payload) + "/result.json"; }

/// Digest and size of a file; nullopt if the disk fails.
std::optional<WorkFile> look_at(const ports::ProducedFile& file) {
    std::ifstream in(file.path, std::ios::binary);
    Sha256 digest;
    WorkFile facts;
    std::array<char, 65'536> buffer{};
    while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
        digest.update({buffer.data(), static_cast<std::size_t>(in.gcount())});
        facts.bytes += static_cast<std::uint64_t>(in.gcount());
    }
    if (!in.eof()) return std::nullopt;
    facts.role = file.role;
    facts.content_type = file.content_type;
    facts.sha256 = to_hex(digest.finish());
    facts.width = file.width;
    facts.height = file.height;
    return facts;
}

const WorkOutputSlot* slot_for(const WorkPayload& payload, const ports::ProducedFile& file) {
    const auto fits = [&](const WorkOutputSlot& slot) {
        return slot.role == file.role && slot.content_type == file.content_type;
    };
    const auto found = std::find_if(payload.outputs.begin(), payload.outputs.end(), fits);
    return found == payload.outputs.end() ? nullptr : &*found;
}

}  // namespace

std::optional<JobError> OutputFiles::refuse(const WorkPayload& payload) const {
    if (!payload.outputs.empty() || volume_ != nullptr) return std::nullopt;
    return JobError{ErrorCode::storage_unavailable,
                    "There is nowhere to put outputs: the payload has no outputs with URLs, and no network "
                    "volume is mounted in this worker."};
}

Result<std::vector<WorkFile>, JobError> OutputFiles::store(const WorkPayload& payload,
                                                           const std::vector<ports::ProducedFile>& files,
                                                           Instant deadline, Interruptible& halt) {
    std::vector<WorkFile> stored;
    for (const auto& file : files) {
        auto facts = look_at(file);
        if (!facts) return Fail(plain_error(ErrorCode::internal));
        auto one = put(payload, file, *std::move(facts), deadline, halt);
        if (!one) return Fail(one.error());
        if (*one) stored.push_back(**std::move(one));
    }
    return stored;
}

OutputFiles::Stored OutputFiles::put(const WorkPayload& payload, const ports::ProducedFile& file,
                                     WorkFile facts, Instant deadline, Interruptible& halt) {
    if (payload.outputs.empty()) return put_on_volume(payload, file, std::move(facts));
    const auto* const slot = slot_for(payload, file);
    if (slot == nullptr && file.role == "main") return Fail(nowhere_for(file));
    if (slot == nullptr) return std::optional<WorkFile>();
    if (auto error = upload(*slot, file, deadline, halt)) return Fail(*std::move(error));
    facts.key = slot->key;
    return std::optional(std::move(facts));
}

OutputFiles::Stored OutputFiles::put_on_volume(const WorkPayload& payload, const ports::ProducedFile& file,
                                               WorkFile facts) const {
    const auto extension = core::extension_of(file.content_type);
    if (!extension || volume_ == nullptr) return Fail(plain_error(ErrorCode::output_invalid));
    const auto key = prefix_of(payload) + "/" + file.role + "." + std::string(*extension);
    if (const auto put = volume_->put_file(key, file.path); !put) {
        if (put.error() == VolumeError::bad_name || put.error() == VolumeError::missing)
            return Fail(JobError{ErrorCode::output_invalid, "The payload's output_prefix cannot be used."});
        return Fail(plain_error(put.error() == VolumeError::full ? ErrorCode::storage_full
                                                                 : ErrorCode::storage_unavailable));
    }
    facts.path = volume_path(key);
    return std::optional(std::move(facts));
}

std::optional<JobError> OutputFiles::upload(const WorkOutputSlot& slot, const ports::ProducedFile& file,
                                            Instant deadline, Interruptible& halt) {
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::put;
    request.url = slot.url;
    for (const auto& [name, value] : slot.headers) request.headers.emplace_back(name, value);
    request.body_file = ports::FileSlice{file.path, 0, std::nullopt};
    request.idle_timeout = limits_.idle_wait;
    request.answer_bytes_max = std::uint64_t{64} << 10;
    request.stop_fd = halt.stop_fd();
    Backoff backoff(random_);
    for (;;) {
        const auto left = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
        if (left <= Milliseconds(0)) return plain_error(ErrorCode::timeout);
        request.total_timeout = std::min(limits_.upload_wait, left);
        const auto answer = web_.fetch(request);
        if (answer && is_success(answer->status)) return std::nullopt;
        log::warning("an output could not be put",
                     {{"key", slot.key},
                      {"status", answer ? answer->status : 0},
                      {"detail", answer ? std::string() : answer.error().detail}});
        if (answer && answer->status == 507) return plain_error(ErrorCode::storage_full);
        if (!is_worth_another_try(answer)) {
            return JobError{ErrorCode::storage_unavailable,
                            answer ? "The place for an output answers " + std::to_string(answer->status) + "."
                                   : "The URL for an output cannot be used: " + answer.error().detail + "."};
        }
        const auto pause = backoff.next();
        if (clock_.monotonic() + pause >= deadline || !halt.pause(pause))
            return plain_error(ErrorCode::storage_unavailable);
    }
}

std::optional<WorkResult> OutputFiles::find_earlier(const WorkPayload& payload,
                                                    const std::string& work) const {
    if (volume_ == nullptr || !payload.outputs.empty()) return std::nullopt;
    const auto note = volume_->read_text(note_key(payload), work_result_bytes_max);
    if (!note) return std::nullopt;
    const auto json = parse_json(*note, work_result_bytes_max);
    if (!json || !json->is_object()) return std::nullopt;
    const auto* const of = json->get_object().if_contains("work");
    const auto* const inner = json->get_object().if_contains("result");
    if (of == nullptr || !of->is_string() || of->get_string() != work || inner == nullptr)
        return std::nullopt;
    auto result = parse_work_result(boost::json::serialize(*inner));
    if (!result || result->duplicate) return std::nullopt;
    for (const auto& file : result->files) {
        const auto key = Volume::key_of(file.path);
        const auto bytes =
            key ? volume_->bytes_of(*key) : Result<std::uint64_t, VolumeError>(Fail(key.error()));
        if (!bytes || *bytes != file.bytes) return std::nullopt;
    }
    return *std::move(result);
}

void OutputFiles::remember(const WorkPayload& payload, const std::string& work,
                           const WorkResult& result) const {
    if (volume_ == nullptr || !payload.outputs.empty()) return;
    JsonWriter note;
    note.begin_object().member("work", work).raw_member("result", write_work_result(result)).end_object();
    if (!volume_->put_text(note_key(payload), note.take()))
        log::warning("a result could not be noted on the volume", {{"job", payload.job_id}});
}

}  // namespace darkroom::runpod::worker
