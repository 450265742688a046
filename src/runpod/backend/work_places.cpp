#include "runpod/backend/work_places.h"

#include <array>

#include "base/log.h"
#include "runpod/backend/left_outputs.h"
#include "runpod/backend/storage_refusal.h"
#include "runpod/protocol/output_path.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::ObjectKey;

constexpr int listed_max = 100;

WorkInput facts_of(const core::InputImage& image) {
    WorkInput input;
    input.content_type = image.content_type;
    input.bytes = image.bytes;
    input.sha256 = image.sha256;
    return input;
}

/// A volume has no request for many, and most of the names that are possible are not there.
void remove_one_by_one(ports::ObjectStore& store, const JobId& job, const AttemptId& attempt) {
    const auto prefix = ObjectKey::worker_output_prefix(job, attempt) + "/";
    const auto listed = store.list(prefix, "", listed_max);
    if (!listed) {
        log::info("outputs of a worker are left to upkeep",
                  {{"attempt", attempt.str()}, {"detail", listed.error().detail}});
        return;
    }
    for (const auto& object : listed->objects) {
        const auto key = ObjectKey::parse(object.key);
        if (!key || !object.key.starts_with(prefix)) continue;
        if (const auto removed = store.remove(*key); !removed)
            log::info("an output of a worker is left to upkeep",
                      {{"key", object.key}, {"detail", removed.error().detail}});
    }
}

}  // namespace

WorkPlaces::WorkPlaces(ports::ObjectStore& main, InputCopies* volume) : main_(main), volume_(volume) {}

std::optional<std::string> WorkPlaces::problem() const {
    if (presigns() || volume_ != nullptr) return std::nullopt;
    return "Workers could neither read inputs nor leave outputs: the storage cannot make presigned URLs and "
           "there is no network volume. Set S3_BUCKET to a bucket, or RUNPOD_NETWORK_VOLUME_ID.";
}

std::vector<ports::ObjectStore*> WorkPlaces::stores() {
    if (volume_ == nullptr || &volume_->volume() == &main_) return {&main_};
    if (presigns()) return {&main_, &volume_->volume()};
    return {&volume_->volume()};
}

Result<void, ports::SubmitRefused> WorkPlaces::prepare(const ports::WorkOrder& work, Milliseconds url_life,
                                                       WorkPayload& payload) {
    if (work.inputs.empty()) return Fail(give_up(ErrorCode::input_missing, "the job has no input"));
    if (work.inputs.size() > work_inputs_max)
        return Fail(give_up(ErrorCode::params_invalid, "the job has more inputs than a payload takes"));
    payload.output_prefix = ObjectKey::worker_output_prefix(work.job, work.attempt);
    if (presigns()) return prepare_presigned(work, url_life, payload);
    if (volume_ != nullptr) return prepare_volume(work, payload);
    return Fail(ports::SubmitRefused{
        ports::RefusalRule::pause,
        {ErrorCode::storage_unavailable, std::string(core::traits(ErrorCode::storage_unavailable).message)},
        *problem()});
}

Result<WorkInput, ports::SubmitRefused> WorkPlaces::presigned_input(const core::InputImage& image,
                                                                    Milliseconds url_life) {
    const auto head = main_.head(image.key);
    if (!head) return Fail(refusal_of(head.error(), "look at the input"));
    if ((!image.version.empty() && head->version != image.version) ||
        (image.bytes != 0 && head->bytes != image.bytes))
        return Fail(give_up(ErrorCode::input_changed, "the input is not the one that was checked"));
    // A name of its own: what its owner calls the picture is nobody's business there.
    const auto extension = core::extension_of(image.content_type).value_or("bin");
    auto input = facts_of(image);
    input.url = main_
                    .presign_get(image.key, {.content_type = image.content_type,
                                             .file_name = "input." + std::string(extension),
                                             .life = url_life})
                    .url;
    return input;
}

Result<void, ports::SubmitRefused> WorkPlaces::prepare_presigned(const ports::WorkOrder& work,
                                                                 Milliseconds url_life,
                                                                 WorkPayload& payload) {
    for (const auto& image : work.inputs) {
        auto input = presigned_input(image, url_life);
        if (!input) return Fail(std::move(input).error());
        payload.inputs.push_back(*std::move(input));
    }
    for (const auto role : output_roles) {
        for (const auto extension : output_extensions) {
            const auto type = *core::content_type_of(extension);
            const auto key = ObjectKey::worker_output(work.job, work.attempt, role, extension);
            auto put = main_.presign_put(
                key, {.content_type = std::string(type), .bytes = std::nullopt, .life = url_life});
            payload.outputs.push_back({std::string(role), std::string(type), key.str(), std::move(put.url),
                                       std::move(put.headers)});
        }
    }
    return {};
}

Result<void, ports::SubmitRefused> WorkPlaces::prepare_volume(const ports::WorkOrder& work,
                                                              WorkPayload& payload) {
    if (work.inputs.size() > 1)
        return Fail(give_up(ErrorCode::params_invalid, "a network volume takes one input for each job"));
    const auto& image = work.inputs.front();
    auto key = volume_->place(work.job, work.attempt, image);
    if (!key) {
        if (key.error().rule == ports::RefusalRule::give_up) volume_->release(work.job, work.attempt);
        return Fail(std::move(key).error());
    }
    auto input = facts_of(image);
    input.path = volume_path(key->str());
    payload.inputs.push_back(std::move(input));
    return {};
}

WorkPlaces::Found WorkPlaces::find_outputs(const JobId& job, const AttemptId& attempt) {
    for (auto* store : stores()) {
        auto found = left_outputs(*store, job, attempt);
        if (!found || *found) return found;
    }
    return std::optional<ports::RemoteResult>();
}

ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> WorkPlaces::open_output(const ObjectKey& key) {
    const auto places = stores();
    for (auto* store : places) {
        auto reader = store->open(key);
        const bool elsewhere = !reader && reader.error().kind == ports::ObjectErrorKind::missing;
        if (!elsewhere || store == places.back()) return reader;
    }
    return Fail(ports::ObjectError{ports::ObjectErrorKind::missing, "there is no storage"});
}

void WorkPlaces::clear(const JobId& job, const AttemptId& attempt) {
    auto& store = *stores().front();
    if (store.capabilities().removes_many) {
        const auto keys = ObjectKey::all_worker_outputs(job, attempt);
        if (const auto removed = store.remove_many(keys); !removed)
            log::info("outputs of a worker are left to upkeep",
                      {{"attempt", attempt.str()}, {"detail", removed.error().detail}});
    } else {
        remove_one_by_one(store, job, attempt);
    }
    release_input(job, attempt);
}

void WorkPlaces::release_input(const JobId& job, const AttemptId& attempt) {
    if (volume_ != nullptr) volume_->release(job, attempt);
}

}  // namespace darkroom::runpod
