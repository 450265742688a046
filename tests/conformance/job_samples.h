// Jobs, uploads and ends of attempts to try stores with, words for what a store holds, and a check that it
// hangs together.
#pragma once
#include <string>
#include <vector>

#include "ports/job_store.h"
#include "ports/random.h"

namespace darkroom::conformance {

/// `ms` after the time at which every test begins.
TimePoint at(std::int64_t ms);
UserId user(std::string_view name);

inline const UserId ann = user("ann");
inline const UserId bob = user("bob");
inline const UserId eve = user("eve@example.com");
/// The last moment of all, for what is to find everything.
constexpr TimePoint all_of_time{Milliseconds::max()};

struct StepPlan {
    std::string name;
    std::string from = "";
    std::string role = "main";
};

class Samples {
public:
    explicit Samples(ports::Random& random) : random_(random) {}

    /// A job with every field set to something of its own.
    ports::NewJob job(const UserId& owner, int priority = 0, const std::string& backend = "local");
    /// With outputs main (of the last step) and the mask of the first one.
    ports::NewJob chain(const UserId& owner, const std::vector<StepPlan>& steps, int priority = 0);
    /// Another way to do a job, unlike all others.
    ports::WorkPlan plan(const std::string& backend = "local");
    core::Upload upload(const UserId& owner, TimePoint expires_at);
    core::InputImage image(const UploadId& upload);
    ports::AttemptSucceeded success(const JobId& job, const AttemptId& attempt);
    JobId unknown_job() { return random_.id<JobId>(); }
    AttemptId unknown_attempt() { return random_.id<AttemptId>(); }

private:
    ports::Random& random_;
    int count_ = 0;
};

ports::AttemptFailed failure(core::ErrorCode code, std::optional<TimePoint> retry_at = std::nullopt);
ports::ClaimRequest claim_request(int inflight_max, int jobs_max = 100, TimePoint now = at(1'000));
ports::IdempotencyKey idempotency(const std::string& key, std::string_view request, TimePoint expires_at);

/// Every field, so that two are equal exactly if their words are.
std::string in_words(const core::Attempt& attempt);
std::string in_words(const core::Job& job);
std::string in_words(const core::Upload& upload);
std::string in_words(const core::JobEvent& event);
/// All jobs, events, rows in flight on `endpoint` and counts of the queue.
std::string everything_in_words(ports::JobStore& store, const std::string& endpoint = "this-machine");

/// Contradictions in what the store says, found through the port alone; empty = none.
std::vector<std::string> consistency_problems(ports::JobStore& store);

}  // namespace darkroom::conformance
