// Looks after one remote job: what its phase, its age and its past mean for the attempt, and what is done
// about it. No state of its own: a crash anywhere means that it is followed again.
//
//   without a name     adopt window, then the storage, then another submit, then backend_unavailable;
//                      stays open until its deadline, so that a late webhook can still name it
//   unwanted           cancelled until it is an end; a proven success of an attempt that failed counts
//   wanted             look; the furthest phase ever seen counts
//     queued, running  look again later; running beyond every limit: what lies in the storage, then timeout
//     succeeded        collected; without a result: what lies in the storage
//     failed           what lies in the storage, if the work may have been done; else the attempt fails
//     cancelled        by others: the attempt fails and says so
//     duplicate        the attempt goes on under the other remote job
//     gone             too young to be seen, or what lies in the storage, or remote_result_lost
//   past its deadline  cancelled, then timeout
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "dispatch/remote_ends.h"
#include "dispatch/remote_sites.h"
#include "dispatch/submitter.h"

namespace darkroom::dispatch {

struct Followed {
    Step step = Step::goes_on;
    std::optional<ports::RemotePhase> phase;  // as told now; unset = nobody could be asked
};

/// As RemoteEnds: one attempt from one thread at a time.
class RemoteWatch {
public:
    using SubmitAgain = std::function<Resubmit(const core::Job&, const ports::RemoteJob&)>;

    RemoteWatch(ports::JobStore& jobs, const RemoteSites& sites, RemoteEnds& ends, SubmitAgain submit_again)
        : jobs_(jobs), sites_(sites), ends_(ends), submit_again_(std::move(submit_again)) {}

    Followed follow(const ports::RemoteJob& row, const std::string& via);
    /// The same with what its worker reported, which is the truth, instead of a look. refused = that is no
    /// report about this remote job.
    Result<Step, ports::RemoteTrouble> take_report(const ports::RemoteJob& row, std::string_view body);

private:
    Followed follow_wanted(const RemoteCase& at);
    Followed follow_unwanted(const RemoteCase& at);
    Followed past_deadline(const RemoteCase& at);
    Step follow_nameless(const RemoteCase& at);
    Step submit_once_more(const RemoteCase& at);
    Step nobodys(const ports::RemoteJob& row, const std::string& via, ports::RemoteBackend* site);
    Step act(const RemoteCase& at, ports::RemoteLook look);
    Step overdue(const RemoteCase& at, const ports::RemoteLook& look);
    Step failed(const RemoteCase& at, const ports::RemoteLook& look);
    Step duplicate(const RemoteCase& at, const ports::RemoteLook& look);
    Step gone(const RemoteCase& at, const ports::RemoteLook& look);
    Step unwanted_end(const RemoteCase& at, const ports::RemoteLook& look);
    Result<ports::RemoteLook, ports::RemoteTrouble> ask_for_end(const RemoteCase& at);

    ports::JobStore& jobs_;
    const RemoteSites& sites_;
    RemoteEnds& ends_;
    SubmitAgain submit_again_;
};

}  // namespace darkroom::dispatch
