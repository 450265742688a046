// Where attempts run on other machines: a RunPod endpoint, a ComfyUI pod. Every call blocks and has a
// deadline of its own; nothing is remembered between calls, because the process may end between any two: what
// must be known later is in the RemoteJobStore. Safe to use from many threads at once.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "core/error_code.h"
#include "core/object_key.h"
#include "ports/backend.h"
#include "ports/object_store.h"

namespace darkroom::ports {

struct RemoteOrder {
    WorkOrder work;
    std::string token;     // core/attempt_token.h: proof for webhook and claim
    TimePoint deadline{};  // when the remote side may forget the job, whatever has become of it
    /// If set, asked at the last moment before what makes the job there goes out; false = it is not sent, and
    /// the answer is a refusal.
    std::function<bool()> may_send = {};
};

struct SubmitTaken {
    std::string remote_id;
};

enum class RefusalRule {
    again_later,  // costs no attempt: after `retry_after`
    pause,        // the operator must act (key, funds, no such endpoint): costs no attempt
    give_up       // this order will be refused again: the attempt fails with `error`
};

/// Certainly nothing was queued there.
struct SubmitRefused {
    RefusalRule rule = RefusalRule::again_later;
    core::JobError error;
    std::string why;  // for the operator; holds no secret
    Milliseconds retry_after{0};
};

/// It may be running there under a name that nobody knows. Must not be repeated before it was looked for.
struct SubmitUnclear {
    std::string why;  // for the operator; holds no secret
};

using SubmitAnswer = std::variant<SubmitTaken, SubmitRefused, SubmitUnclear>;

struct RemoteTask {
    JobId job;
    AttemptId attempt;
    std::string remote_id;
};

/// A file that a worker says it made, below the attempt's own prefix. Not believed before it was opened,
/// measured and decoded.
struct RemoteFile {
    std::string role;     // main, mask, preview, report
    core::ObjectKey key;  // under which Darkroom speaks of it, also where the file has another name
    std::string place =
        {};  // the backend's own word for where it is, for open_output alone; empty = at `key`
    std::string content_type = {};
    std::uint64_t bytes = 0;  // 0 = not told
    std::string sha256 = {};  // hex; empty = not told
};

struct RemoteResult {
    std::vector<RemoteFile> files;  // at least a main one
    Milliseconds execution{0};
    std::string measures_json = "{}";
    std::string warnings_json = "[]";
};

enum class RemotePhase {
    unknown,  // a word that this version does not know: not an end
    queued,
    running,
    failed,     // `error` says why
    cancelled,  // there, by whomever
    duplicate,  // its worker found that another remote job of this attempt came first
    succeeded,  // `result`, if the answer told of it
    gone        // nothing is known there (any more)
};
constexpr bool is_end(RemotePhase phase) { return phase >= RemotePhase::failed; }

/// What the remote side, or its worker, says about a remote job.
struct RemoteLook {
    RemotePhase phase = RemotePhase::unknown;
    std::optional<Milliseconds> delay;      // before its (last) start, cold start included
    std::optional<Milliseconds> execution;  // paid for
    std::int64_t cost_micro_usd = 0;        // of the execution, by the endpoint's price
    std::string gpu;
    std::string worker;
    std::string waiting_for;  // while queued, if it is known: cold_start, capacity, workers
    std::optional<RemoteResult> result;
    std::optional<core::JobError> error;
};

enum class RemoteTroubleKind {
    later,   // not reached, in trouble, too many requests: after `retry_after`
    paused,  // the operator must act (key, funds)
    refused  // the answer or the report is no such thing: asking again does not help
};

struct RemoteTrouble {
    RemoteTroubleKind kind = RemoteTroubleKind::later;
    std::string detail;  // for the operator; holds no secret
    Milliseconds retry_after{0};
};

class RemoteBackend {
public:
    virtual ~RemoteBackend() = default;
    virtual const EndpointInfo& endpoint() const = 0;
    /// Names where remote jobs are, for ever: the configured name may later stand for another place.
    virtual const std::string& target() const = 0;
    /// Whether nobody but looks tells of ends there, and its answers are never behind what it took: then it
    /// is looked at more often, and what is gone is gone.
    virtual bool is_polled() const { return false; }

    /// Places the inputs, then submits, once.
    virtual SubmitAnswer submit(const RemoteOrder& order) = 0;
    virtual Result<RemoteLook, RemoteTrouble> look(const RemoteTask& task) = 0;
    /// Asks for the end. What it then is: perhaps it had succeeded before.
    virtual Result<RemoteLook, RemoteTrouble> cancel(const RemoteTask& task) = 0;
    /// What a worker reported by itself, in a body whose signature was checked. Only failed, succeeded or
    /// duplicate. No request is made.
    virtual Result<RemoteLook, RemoteTrouble> read_report(const RemoteTask& task,
                                                          std::string_view body) const = 0;
    /// What lies in the storage for an attempt although nobody told of it; nullopt = no main output.
    virtual Result<std::optional<RemoteResult>, RemoteTrouble> find_outputs(const JobId& job,
                                                                            const AttemptId& attempt) = 0;
    /// `file` as this backend told it.
    virtual ObjectResult<std::unique_ptr<ObjectReader>> open_output(const RemoteFile& file) = 0;
    /// Removes the attempt's outputs, which were collected or never will be, and its input if it was copied
    /// for the workers. What stays after all is found by upkeep.
    virtual void clear(const JobId& job, const AttemptId& attempt) = 0;

    /// Why nothing should be sent there now; for the operator. Unset = go on. Quick.
    virtual std::optional<std::string> trouble() const = 0;
    /// Ends waits and calls other than a submit under way, for good.
    virtual void stop() = 0;
};

}  // namespace darkroom::ports
