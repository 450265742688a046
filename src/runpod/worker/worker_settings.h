// What a worker is told at its start. Numbers are those of the platform's own worker unless a line says why
// not.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/time.h"
#include "runpod/protocol/callback_signature.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod::worker {

/// What happens when nobody can tell whether an attempt is already worked on elsewhere.
enum class Unclaimed { run, give_up };

struct WorkerSettings {
    std::string worker_id;
    std::string authorization;  // sent verbatim; empty = none, and no heartbeat
    std::string version;        // of this worker, told in heartbeats and errors
    int concurrency = 1;
    int refresh_after = 0;  // jobs, then the worker asks to be replaced and ends; 0 = never
    Milliseconds ping_interval{10'000};
    std::optional<CallbackSecret> callback_secret;
    Unclaimed unclaimed = Unclaimed::run;
    std::filesystem::path work_dir;    // nameless copies of inputs; exists
    std::filesystem::path volume_dir;  // the mounted network volume; empty = there is none
    std::uint64_t input_bytes_max = 52'428'800;
    Milliseconds workflow_limit{600'000};  // of a ComfyUI workflow that brings no limit of its own
    bool private_urls = false;             // whether payloads may name hosts that are not public
};

/// Every wait of the worker, by name.
struct WorkerLimits {
    Milliseconds take_wait{90'000};        // one long poll
    Milliseconds busy_pause{5'000};        // after 429
    Milliseconds empty_pause{500};         // after an empty answer that came at once: no long poll after all
    Milliseconds stop_pause{1'000};        // between two questions for jobs to stop
    Milliseconds done_patience{300'000};   // to deliver an end
    Milliseconds post_wait{30'000};        // one delivery
    Milliseconds file_post_wait{120'000};  // one delivery of an answer that holds pictures
    Milliseconds progress_wait{5'000};     // one progress report: not worth more
    Milliseconds progress_gap{1'000};      // between two of one job
    Milliseconds claim_patience{30'000};   // to reach whoever gives out claims
    Milliseconds claim_wait{10'000};       // one claim
    Milliseconds fetch_wait{60'000};       // one try at an input
    Milliseconds upload_wait{120'000};     // one try at an output
    Milliseconds idle_wait{15'000};        // of inputs and outputs, without a byte
    Milliseconds callback_patience{600'000};
    std::size_t take_bytes_max = std::size_t{64} << 20;  // a batch of inputs of 20 MB each
    std::size_t done_bytes_max = std::size_t{1} << 20;
    /// Of an answer that holds pictures: what is larger is refused by the platform in any case, which then
    /// takes the job for done.
    std::size_t done_file_bytes_max = runsync_body_bytes_max;
};

}  // namespace darkroom::runpod::worker
