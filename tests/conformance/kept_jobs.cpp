#include "tests/conformance/kept_jobs.h"

#include "base/check.h"

namespace darkroom::conformance {

using ports::Access;

core::InputImage KeptJobs::picture() {
    const auto upload = samples_.upload(owner_, at(10'000));
    auto image = samples_.image(upload.id);
    DR_CHECK(store_().create_upload(upload).ok());
    DR_CHECK(*store_().complete_upload(Access::of(owner_), upload.id, image, at(1), at(10'000)) ==
             ports::UploadOutcome::completed);
    uploads_.emplace(image.key, upload.id);
    return image;
}

ports::NewJob KeptJobs::request(const std::vector<core::InputImage>& pictures) {
    auto request = samples_.job(owner_);
    request.job.backend = "only-" + request.job.id.str();
    request.job.inputs = pictures;
    for (const auto& picture : pictures) request.uploads.push_back(upload_of(picture));
    return request;
}

JobId KeptJobs::open(const std::vector<core::InputImage>& pictures) {
    const auto created = request(pictures);
    DR_CHECK(std::holds_alternative<ports::JobCreated>(*store_().create_job(created)));
    return created.job.id;
}

AttemptId KeptJobs::claim(const JobId& job) {
    auto request = claim_request(1'000);
    request.backend = "only-" + job.str();
    const auto claimed = store_().claim(request);
    DR_CHECK(claimed.ok() && claimed->size() == 1);
    return (*claimed)[0].job.attempts.back().id;
}

void KeptJobs::cancel(const JobId& job, TimePoint ended) {
    DR_CHECK(std::holds_alternative<ports::JobCancelled>(
        *store_().cancel_job(Access::of(owner_), job, "key:app", ended)));
}

JobId KeptJobs::cancelled(const std::vector<core::InputImage>& pictures, TimePoint ended) {
    const auto job = open(pictures);
    cancel(job, ended);
    return job;
}

JobId KeptJobs::succeeded(const std::vector<core::InputImage>& pictures, TimePoint ended) {
    const auto job = open(pictures);
    const auto attempt = claim(job);
    DR_CHECK(*store_().finish_attempt(attempt, samples_.success(job, attempt), "backend:x", ended) ==
             ports::Applied::applied);
    return job;
}

}  // namespace darkroom::conformance
