#include "runpod/backend/foreign_work.h"

#include <array>

#include "base/digest.h"
#include "core/object_key.h"
#include "runpod/backend/storage_refusal.h"
#include "runpod/protocol/base64.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::JobError;
using ports::SubmitRefused;

constexpr std::uint64_t sent_bytes_max = run_body_bytes_max / 4 * 3;  // as base64 it is just too large

SubmitRefused gives_up(JobError error) {
    auto why = error.message;
    return {ports::RefusalRule::give_up, std::move(error), std::move(why)};
}

Failure<SubmitRefused> input_changed() {
    return Fail(give_up(ErrorCode::input_changed, "the input is not the one that the job was created with"));
}

/// As inputs/job_{job}.{ext} is called in its folder; a second one has its place in the name.
std::string name_of(const JobId& job, const core::InputImage& image, std::size_t place) {
    const auto extension = core::extension_of(image.content_type).value_or("png");
    const auto number = place == 0 ? std::string() : "_" + std::to_string(place + 1);
    return "job_" + job.str() + number + "." + std::string(extension);
}

}  // namespace

std::vector<std::string> ForeignWork::names_of(const ports::WorkOrder& work, WorkerContract contract) const {
    const auto prefix =
        contract == WorkerContract::volume_files ? settings_.layout.input_prefix : std::string();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < work.inputs.size(); ++i)
        names.push_back(prefix + name_of(work.job, work.inputs[i], i));
    return names;
}

// The recipe may have a say in how its worker is spoken to, and that decides how its inputs are called.
Result<std::optional<ForeignWork::Made>, JobError> ForeignWork::make(const ports::WorkOrder& work) const {
    if (!make_) return std::optional<Made>();
    const auto guess = contract_of(settings_.worker, "", volume_ != nullptr);
    auto graph = make_(work, names_of(work, guess));
    if (!graph) return Fail(graph.error());
    if (!*graph) return std::optional<Made>();
    const auto contract = contract_of(settings_.worker, (*graph)->worker, volume_ != nullptr);
    if (contract != guess) graph = make_(work, names_of(work, contract));
    if (!graph) return Fail(graph.error());
    if (!*graph) return std::optional<Made>();
    return std::optional(Made{**std::move(graph), contract});
}

std::optional<SubmitRefused> ForeignWork::place_on_volume(const ports::WorkOrder& work) {
    if (volume_ == nullptr)
        return gives_up({ErrorCode::workflow_rejected,
                         "The recipe's workers read pictures from a network volume, and there is none."});
    if (work.inputs.size() > 1)
        return give_up(ErrorCode::params_invalid, "a network volume takes one input for each job");
    auto key = volume_->place(work.job, work.attempt, work.inputs.front());
    if (key) return std::nullopt;
    if (key.error().rule == ports::RefusalRule::give_up) volume_->release(work.job, work.attempt);
    return std::move(key).error();
}

Result<recipes::SentPicture, SubmitRefused> ForeignWork::picture_of(const core::InputImage& image,
                                                                    std::string name) {
    if (image.bytes > sent_bytes_max)
        return Fail(gives_up(
            foreign_input(WorkerContract::worker_comfyui, {}, {{name, std::string(run_body_bytes_max, 'A')}})
                .error()));
    const auto reader = main_.open(image.key, {.offset = 0, .length = {}, .version = image.version});
    if (!reader) return Fail(refusal_of(reader.error(), "read the input"));
    if ((*reader)->bytes() > sent_bytes_max || (image.bytes != 0 && (*reader)->bytes() != image.bytes))
        return input_changed();
    std::string bytes;
    std::array<char, 65'536> buffer{};
    for (;;) {
        const auto got = (*reader)->read(buffer);
        if (!got) return Fail(refusal_of(got.error(), "read the input"));
        if (*got == 0) break;
        bytes.append(buffer.data(), *got);
        if (bytes.size() > sent_bytes_max) return input_changed();
    }
    if (!image.sha256.empty() && to_hex(sha256(bytes)) != image.sha256) return input_changed();
    return recipes::SentPicture{std::move(name), to_base64(bytes)};
}

Result<std::vector<recipes::SentPicture>, SubmitRefused> ForeignWork::pictures_of(
    const ports::WorkOrder& work) {
    std::vector<recipes::SentPicture> pictures;
    const auto names = names_of(work, WorkerContract::worker_comfyui);
    for (std::size_t i = 0; i < work.inputs.size(); ++i) {
        auto picture = picture_of(work.inputs[i], names[i]);
        if (!picture) return Fail(std::move(picture).error());
        pictures.push_back(*std::move(picture));
    }
    return pictures;
}

Result<std::string, SubmitRefused> ForeignWork::foreign_input_of(const ports::WorkOrder& work,
                                                                 const Made& made) {
    if (work.inputs.empty()) return Fail(give_up(ErrorCode::input_missing, "the job has no input"));
    auto graph = named_for(made.graph, work.job, work.attempt);
    if (!graph) return Fail(gives_up(graph.error()));
    std::vector<recipes::SentPicture> sent;
    if (made.contract == WorkerContract::worker_comfyui) {
        auto pictures = pictures_of(work);
        if (!pictures) return Fail(std::move(pictures).error());
        sent = *std::move(pictures);
    } else if (auto refused = place_on_volume(work)) {
        return Fail(*std::move(refused));
    }
    auto input = foreign_input(made.contract, *std::move(graph), sent);
    if (!input) return Fail(gives_up(input.error()));
    return *std::move(input);
}

Result<std::optional<WorkflowOrder>, SubmitRefused> ForeignWork::order_of(const ports::WorkOrder& work) {
    auto made = make(work);
    if (!made) return Fail(gives_up(made.error()));
    if (!*made) {
        if (!settings_.is_foreign()) return std::optional<WorkflowOrder>();
        return Fail(
            gives_up({ErrorCode::workflow_rejected,
                      "The endpoint's workers run ComfyUI workflows only, and this recipe has none."}));
    }
    WorkflowOrder order;
    if ((*made)->contract == WorkerContract::darkroom) {
        order.for_darkroom = std::move((*made)->graph);
        order.input_names = names_of(work, WorkerContract::darkroom);
        return std::optional(std::move(order));
    }
    auto input = foreign_input_of(work, **made);
    if (!input) return Fail(std::move(input).error());
    order.input_json = *std::move(input);
    return std::optional(std::move(order));
}

}  // namespace darkroom::runpod
