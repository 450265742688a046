// Jobs with uploads of their own that have ended when a test says so: what retention works on.
#pragma once
#include <functional>
#include <map>
#include <vector>

#include "tests/conformance/job_samples.h"

namespace darkroom::conformance {

constexpr ports::Retention every_kind[] = {ports::Retention::inputs, ports::Retention::outputs,
                                           ports::Retention::jobs};
/// When retention comes by.
inline const TimePoint long_after = at(1'000'000);

class KeptJobs {
public:
    /// `store` is asked for each time, because a test may close it and open it again.
    KeptJobs(UserId owner, std::function<ports::JobStore&()> store, Samples& samples)
        : owner_(std::move(owner)), store_(std::move(store)), samples_(samples) {}

    /// A picture of the owner's that is in the store.
    core::InputImage picture();
    UploadId upload_of(const core::InputImage& picture) const { return uploads_.at(picture.key); }

    ports::NewJob request(const std::vector<core::InputImage>& pictures);
    JobId open(const std::vector<core::InputImage>& pictures);
    AttemptId claim(const JobId& job);
    void cancel(const JobId& job, TimePoint ended);
    JobId cancelled(const std::vector<core::InputImage>& pictures, TimePoint ended);
    /// Ended with two outputs and a thumbnail.
    JobId succeeded(const std::vector<core::InputImage>& pictures, TimePoint ended);

private:
    const UserId owner_;
    const std::function<ports::JobStore&()> store_;
    Samples& samples_;
    std::map<core::ObjectKey, UploadId> uploads_;
};

}  // namespace darkroom::conformance
