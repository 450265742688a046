// The values that a store keeps and every room speaks of: jobs, attempts, uploads, their pictures and events.
// JSON that only passes through (params, metadata, measures) stays serialised text: it was checked once, when
// it came in.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "core/error_code.h"
#include "core/job_machine.h"
#include "core/object_key.h"

namespace darkroom::core {

struct InputImage {
    std::string name;  // a label from the client, never a path
    ObjectKey key;
    std::string content_type;
    std::uint64_t bytes = 0;
    std::uint32_t width = 0;  // upright, in pixels
    std::uint32_t height = 0;
    std::string sha256;   // hex
    std::string version;  // of the object when it was looked at (ports::ObjectInfo); another one is refused
    bool operator==(const InputImage&) const = default;
};

struct OutputImage {
    std::string role;  // main, mask, preview, report
    ObjectKey key;
    std::string content_type;
    std::uint64_t bytes = 0;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::string sha256;
    bool operator==(const OutputImage&) const = default;
};

/// One try at a job on one backend.
struct Attempt {
    AttemptId id;
    int number = 0;         // 1 is the first
    std::string backend;    // local, pod, serverless
    std::string endpoint;   // its configured name
    std::string remote_id;  // empty where the backend has none
    Status status = Status::dispatched;
    std::string params_json = "{}";  // params_effective as run
    std::string recipe;              // id@version
    std::string recipe_digest;       // as Job's
    std::string models_json = "[]";  // as Job's
    TimePoint created_at{};
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> finished_at;
    std::optional<Milliseconds> delay;      // claim to start, or as the backend tells it
    std::optional<Milliseconds> execution;  // as measured by the backend
    std::int64_t cost_micro_usd = 0;        // of all remote jobs of this attempt; 0 where nothing is paid
    std::string gpu;                        // that was paid for; empty where none was
    std::string waiting_for;                // while it has not begun: queue, cold_start, capacity, workers
    std::string completed_via;              // local, webhook, callback, poll; empty while open
    std::vector<OutputImage> outputs;
    std::optional<ObjectKey> thumbnail;
    std::string measures_json = "{}";
    std::string warnings_json = "[]";
    std::optional<JobError> error;
};

/// Where a job stands that is a step of a chain: what it works on is what `from` made.
struct ChainPlace {
    JobId chain;
    std::string step;
    std::string from_step;  // empty: the chain's own inputs
    std::string from_role;  // of from_step's selected outputs: main, mask, preview
    bool operator==(const ChainPlace&) const = default;
};

/// What a chain shows as an output of its own when all steps are done.
struct ChainOutput {
    std::string step;
    std::string step_role;
    std::string role;  // main for the result; "cut.mask" for what else is kept
    bool operator==(const ChainOutput&) const = default;
};

/// A step as its chain shows it.
struct ChainStep {
    std::string name;
    JobId job;
    std::string type;
    Status status = Status::queued;
    std::optional<JobError> error;
};

struct Job {
    JobId id;
    UserId user;
    std::string type;
    Status status = Status::queued;
    std::string backend;                       // kind of endpoint it is queued for
    std::string params_json = "{}";            // as sent
    std::string params_effective_json = "{}";  // defaults filled, shorthands expanded, seed drawn
    std::string recipe;                        // id@version that will do it
    std::string recipe_digest;       // hex SHA-256 of all that the recipe consists of; empty = built in
    std::string models_json = "[]";  // that the recipe uses, with licences and grants, for an audit
    std::vector<InputImage> inputs;
    int priority = 0;  // larger first
    std::string metadata_json = "{}";
    std::optional<std::string> webhook_url;
    std::optional<JobError> error;
    std::vector<Attempt> attempts;  // oldest first
    int attempts_forgiven = 0;  // made before the owner's last retry; they no longer count against the limit
    std::optional<AttemptId> selected_attempt;
    std::optional<ObjectKey> thumbnail;      // the selected attempt's
    std::optional<ChainPlace> place;         // set for a step of a chain
    std::vector<ChainStep> steps;            // of a chain, in its order; a chain has no attempts
    std::vector<ChainOutput> chain_outputs;  // of a chain: what of its steps it shows
    std::vector<OutputImage> outputs;        // of a chain that succeeded; else those of the selected attempt
    TimePoint created_at{};
    TimePoint updated_at{};
    std::optional<TimePoint> started_at;
    std::optional<TimePoint> finished_at;
    std::optional<TimePoint> inputs_removed_at;   // their retention was over
    std::optional<TimePoint> outputs_removed_at;  // theirs; what they were is still told
};

/// One line of a job's timeline. `seq` counts 1, 2, 3 … within the job, without gaps.
struct JobEvent {
    std::int64_t seq = 0;
    std::string kind;                // created, select, step_succeeded, step_failed, or a JobEventKind's name
    Status status = Status::queued;  // of the job after the event
    std::string actor;               // key:<name>, dispatcher, backend:<endpoint>
    std::optional<int> attempt;      // its number
    std::string data_json = "{}";    // error, pause before the retry, …
    TimePoint at{};
};

struct Upload {
    UploadId id;
    UserId user;
    std::string name;  // label
    bool ready = false;
    ObjectKey direct_key;         // where the client puts it straight into the store; empty = relayed
    std::uint64_t bytes_max = 0;  // of a direct upload: exactly
    TimePoint created_at{};
    TimePoint expires_at{};
    std::optional<InputImage> image;  // once ready
};

}  // namespace darkroom::core
