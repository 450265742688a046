// One job as the endpoint knows it: what was submitted, where it is, what came back. Values only; JobTable
// moves them through their states.
#pragma once
#include <deque>
#include <optional>
#include <string>

#include "base/time.h"
#include "runpod/protocol/job_object.h"
#include "runpod/protocol/job_state.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod::endpoint {

struct Job {
    std::string id;
    bool sync = false;  // came by /runsync: its result is kept for a minute only
    SubmitRequest request;
    std::string marks_json;  // the `_darkroom` object of its input, or empty; for the journal
    Milliseconds execution_timeout{0};
    Milliseconds ttl{0};

    JobState state = JobState::in_queue;
    Instant submitted;
    Instant queued;                  // submitted, or given back to the queue
    std::optional<Instant> started;  // of the last dispatch
    std::optional<Instant> ended;
    Instant listed;  // when its worker last showed that it still has it
    std::string worker;
    int dispatches = 0;
    int retries = 0;  // dispatches that were lost and repeated

    std::optional<std::string> output_json;
    std::optional<std::string> progress_json;
    std::optional<std::string> error;
    std::optional<Milliseconds> delay;
    std::optional<Milliseconds> execution;
    std::deque<std::string> chunks;  // of a stream, not yet fetched
    std::size_t chunk_bytes = 0;

    // What faults have done to it.
    bool is_held_back = false;           // never dispatched
    bool is_frozen = false;              // stays IN_PROGRESS
    bool is_deaf = false;                // its worker is not heard
    int reports_to_lose = 0;             // then it ends TIMED_OUT
    bool is_overwritten = false;         // shows progress although it has ended
    bool was_shown_final = false;        // to a client
    std::optional<Instant> shown_final;  // status hides the end until then
};

/// The job as /status shows it at `now`.
JobObject view_of(const Job& job, Instant now);

}  // namespace darkroom::runpod::endpoint
