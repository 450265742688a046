#include "runpod/worker/foreign_work.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/log.h"
#include "core/object_key.h"
#include "runpod/protocol/output_path.h"
#include "runpod/worker/answer_file.h"
#include "runpod/worker/workflow_part.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr Milliseconds link_life = std::chrono::hours(7 * 24);  // as the official worker's links

JobError of_volume(VolumeError error) {
    if (error == VolumeError::bad_name || error == VolumeError::missing)
        return {ErrorCode::output_invalid, "A result has a name that cannot be used on the volume."};
    return plain_error(error == VolumeError::full ? ErrorCode::storage_full : ErrorCode::storage_unavailable);
}

std::string ending_of(const std::string& name) {
    const auto dot = name.rfind('.');
    auto ending = dot == std::string::npos ? std::string() : name.substr(dot + 1);
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == "jpeg" ? "jpg" : ending;
}

/// What a report that is too large is replaced by.
std::string too_large_error() {
    return "The result is larger than the endpoint takes. Send the job as workflow_api, which answers with "
           "paths on the network volume, or set BUCKET_ENDPOINT_URL.";
}

}  // namespace

ForeignWork::Reported ForeignWork::perform(const ForeignJob& foreign, JobInHand& job, InputFiles& inputs,
                                           const Tell& tell_stage) {
    if (foreign.contract == Contract::volume_files && volume_ == nullptr)
        return Fail(
            JobError{ErrorCode::storage_unavailable,
                     "There is nowhere to put outputs: no network volume is mounted in this worker."});
    ports::WorkflowOrder order;
    std::vector<UniqueFd> files;
    for (const auto& image : foreign.images) {
        auto file = inputs.keep(image.bytes);
        if (!file) return Fail(file.error());
        order.inputs.push_back({image.name, file->get(), ""});
        files.push_back(*std::move(file));
    }
    order.workflow_json = foreign.workflow_json;
    order.api_node_key = foreign.api_node_key;
    order.work_dir = settings_.work_dir;
    order.time_limit = settings_.workflow_limit;
    const auto done = job.workflow()->run(order, tell_stage);
    if (!done) return Fail(done.error());
    auto report = foreign.contract == Contract::volume_files ? answer_with_paths(*done, job.id())
                                                             : answer_with_pictures(*done, job.id());
    remove_files(done->files);
    return report;
}

/// Where the workflow wanted it, as any handler of this contract does; but nothing is ever replaced, since
/// names repeat and workers share the volume.
Result<std::string, JobError> ForeignWork::put_on_volume(const ports::WorkflowFile& file,
                                                         const RemoteJobId& id) {
    auto key = "outputs/" + file.folder + "/" + file.name;
    if (file.folder.empty() || volume_->bytes_of(key)) key = "outputs/" + id.str() + "/" + file.name;
    if (const auto put = volume_->put_file(key, file.path); !put) return Fail(of_volume(put.error()));
    return volume_path(key);
}

ForeignWork::Reported ForeignWork::answer_with_paths(const ports::WorkflowDone& done, const RemoteJobId& id) {
    if (done.files.empty())
        return Fail(JobError{ErrorCode::output_missing, "The workflow ended without a file."});
    JsonWriter output;
    output.begin_object().member("prompt_id", done.prompt_id).key("files").begin_array();
    for (const auto& file : done.files) {
        const auto path = put_on_volume(file, id);
        if (!path) return Fail(path.error());
        output.value(*path);
    }
    output.end_array().member("file_count", done.files.size()).end_object();
    JobReport report;
    report.whole.output_json = output.take();
    report.small = report.whole;
    return report;
}

ForeignWork::Reported ForeignWork::answer_with_pictures(const ports::WorkflowDone& done,
                                                        const RemoteJobId& id) {
    JobReport report;
    report.body_file = settings_.work_dir / ("answer-" + random_.id<AttemptId>().str());
    AnswerFile answer(report.body_file);
    std::vector<std::string> errors;
    for (const auto& file : done.files) {
        if (file.kind != "images") {
            errors.push_back("A file of kind " + file.kind + " was left out: " + file.name);
            continue;
        }
        if (bucket_ == nullptr) {
            answer.add_base64(file.name, file.path);
            continue;
        }
        const auto link = put_in_bucket(file);
        if (!link) {
            std::error_code ignored;
            std::filesystem::remove(report.body_file, ignored);
            return Fail(link.error());
        }
        answer.add_url(file.name, *link);
    }
    if (!answer.finish(errors)) {
        std::error_code ignored;
        std::filesystem::remove(report.body_file, ignored);
        return Fail(plain_error(ErrorCode::storage_full));
    }
    report.small.error = too_large_error();
    log::info("an answer is ready", {{"job", id.str()}, {"files", std::uint64_t{done.files.size()}}});
    return report;
}

Result<std::string, JobError> ForeignWork::put_in_bucket(const ports::WorkflowFile& file) {
    const auto type = core::content_type_of(ending_of(file.name));
    if (!type) return Fail(JobError{ErrorCode::output_invalid, "A result is of no kind that is known."});
    const auto key = core::ObjectKey::worker_output(random_.id<JobId>(), random_.id<AttemptId>(), "main",
                                                    ending_of(file.name));
    // The file is this worker's to give away.
    if (const auto put = bucket_->put_file(key, file.path); !put) {
        log::warning("a result could not be put into the bucket", {{"detail", put.error().detail}});
        return Fail(plain_error(put.error().kind == ports::ObjectErrorKind::full
                                    ? ErrorCode::storage_full
                                    : ErrorCode::storage_unavailable));
    }
    return bucket_->presign_get(key, {std::string(*type), file.name, link_life}).url;
}

}  // namespace darkroom::runpod::worker
