// What is remembered of refused submits, for as long as the process lives: how often each job was refused in
// a row, so that it is tried less and less often, and what was told of each endpoint, so that an outage is
// one line in the log and not one for each job.
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "ports/remote_backend.h"

namespace darkroom::dispatch {

/// Safe to use from many threads at once.
class RefusalMemory {
public:
    /// Counts one more refusal. The pause before the job's next try: 1 s, 2 s, 4 s … 64 s, or `asked` if that
    /// is longer. Each try leaves a line in the job's timeline.
    Milliseconds pause_after(const JobId& job, Milliseconds asked);
    /// False if the same was said of this endpoint before, and nothing else since.
    bool is_news(const std::string& target, ports::RefusalRule rule);
    void forget(const JobId& job, const std::string& target);

private:
    std::mutex mutex_;
    std::map<JobId, int> refusals_;
    std::map<std::string, ports::RefusalRule> told_;
};

}  // namespace darkroom::dispatch
