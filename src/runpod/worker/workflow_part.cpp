#include "runpod/worker/workflow_part.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

#include "core/image_header.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr std::size_t header_bytes = 256u << 10;

/// What the file's own bytes say, whatever it is called; nullopt if it is no picture.
std::optional<ports::ProducedFile> as_picture(const ports::WorkflowFile& file) {
    std::ifstream in(file.path, std::ios::binary);
    std::string bytes(header_bytes, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    std::vector<std::uint8_t> prefix(bytes.begin(), bytes.end());
    const auto header = core::read_image_header(prefix);
    if (!header) return std::nullopt;
    return ports::ProducedFile{file.role, file.path, std::string(core::content_type(header->format)),
                               header->oriented_width(), header->oriented_height()};
}

Result<std::vector<ports::ProducedFile>, JobError> produced(const std::vector<ports::WorkflowFile>& files) {
    std::vector<ports::ProducedFile> pictures;
    std::set<std::string> roles;
    for (const auto& file : files) {
        if (file.role.empty() || !roles.insert(file.role).second) continue;
        auto picture = as_picture(file);
        if (!picture)
            return Fail(JobError{ErrorCode::output_invalid,
                                 "The workflow's " + file.role + " output is no picture that is known."});
        pictures.push_back(*std::move(picture));
    }
    const auto is_main = [](const auto& picture) { return picture.role == "main"; };
    std::stable_partition(pictures.begin(), pictures.end(), is_main);
    if (pictures.empty() || !is_main(pictures.front()))
        return Fail(JobError{ErrorCode::output_missing, "The workflow ended without its main output."});
    return pictures;
}

}  // namespace

void remove_files(const std::vector<ports::WorkflowFile>& files) {
    std::error_code ignored;
    for (const auto& file : files) std::filesystem::remove(file.path, ignored);
}

std::optional<JobError> WorkflowPart::refuse() const {
    if (workflows_ != nullptr) return std::nullopt;
    return JobError{ErrorCode::model_unavailable,
                    "This worker drives no ComfyUI: COMFY_HOST is not set in its environment."};
}

std::optional<std::string> WorkflowPart::trouble() const {
    return workflows_ == nullptr ? std::nullopt : workflows_->trouble();
}

ports::WorkResult WorkflowPart::run(const WorkPayload& payload, JobInHand& job, InputFiles& inputs,
                                    Instant deadline, const Tell& tell_stage) const {
    ports::WorkflowOrder order;
    std::vector<UniqueFd> files;
    tell_stage("fetching");
    for (const auto& input : payload.inputs) {
        auto file = inputs.open(input, deadline, job.halt());
        if (!file) return Fail(file.error());
        order.inputs.push_back({input.name, file->get(), input.content_type});
        files.push_back(*std::move(file));
    }
    order.workflow_json = payload.workflow_json;
    order.role_of_node = payload.role_of_node;
    order.work_dir = settings_.work_dir;
    order.time_limit = std::chrono::duration_cast<Milliseconds>(deadline - clock_.monotonic());
    auto done = job.workflow()->run(order, tell_stage);
    if (!done) return Fail(done.error());
    auto pictures = produced(done->files);
    // What has no role, or is a second one of its role, is nobody's.
    for (auto& file : done->files) {
        const auto is_it = [&](const auto& picture) { return picture.path == file.path; };
        if (pictures && std::any_of(pictures->begin(), pictures->end(), is_it)) file.path.clear();
    }
    remove_files(done->files);
    if (!pictures) return Fail(pictures.error());
    return ports::WorkDone{.files = *std::move(pictures), .execution = done->execution};
}

}  // namespace darkroom::runpod::worker
