// Remote jobs to try stores with, and words for what a store holds of them.
#pragma once
#include <string>

#include "ports/remote_job_store.h"
#include "tests/conformance/job_samples.h"

namespace darkroom::conformance {

/// What the suite's claims plan: at "there", looked at after 30 s, gone after 600 s.
ports::RemotePlan remote_plan();
ports::RemoteEnd remote_end(const std::string& ended_as, std::int64_t cost_micro_usd = 0);
ports::InboxEntry inbox_entry(const AttemptId& attempt, const std::string& body,
                              const std::string& once = "");

std::string in_words(const ports::RemoteJob& remote);
std::string in_words(const ports::InboxEntry& entry);
/// All remote jobs, what came in, and all costs.
std::string everything_in_words(ports::RemoteJobStore& store);

/// Counts what a store tells, from whichever thread.
class ListenerCounts : public ports::StoreListener {
public:
    void jobs_ready() override;
    void job_changed(const JobId& job) override;
    void remote_work_due() override;
    int ready = 0;
    int changed = 0;
    int remote = 0;
};

}  // namespace darkroom::conformance
