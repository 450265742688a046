// What Darkroom puts into `input` of a remote job, and a Darkroom worker understands. RunPod echoes `input`
// to whoever reads the job, so it carries no secret that outlives the attempt: URLs are presigned for its
// time.
//
//   {"job_id":"…","type":"bg_remove","params":{…},
//    "inputs":[{"url":"https://…"|"path":"/runpod-volume/inputs/…","content_type":"image/jpeg","bytes":1,"sha256":"…"}],
//    "output_prefix":"outputs/{job}/{attempt}",
//    "outputs":[{"role":"main","content_type":"image/png","key":"restored/…","url":"https://…","headers":{…}}],
//    "webhook_url":"https://…","auth":"…","timeout_s":600,
//    "_darkroom":{"job":"…","attempt":"…","attempt_token":"…","claim_url":"https://…"}}
//
// Other apps may send the same without outputs, auth and _darkroom.
//
// Work that is a ComfyUI workflow has two members more, for a worker that drives a ComfyUI (COMFY_HOST):
//   "workflow_api":{…API format…},"role_of_node":{"60":"main"}, and each of its inputs a "name": every input
// of a node that is exactly this text becomes what ComfyUI calls the file there. Outputs are then what the
// named nodes save; `type` may be one that the worker has never heard of, and `params` mean nothing to it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "runpod/protocol/protocol_error.h"

namespace darkroom::runpod {

inline constexpr std::size_t work_payload_bytes_max = 6u << 20;
inline constexpr std::size_t workflow_bytes_max = 4u << 20;
inline constexpr std::size_t workflow_roles_max = 64;
inline constexpr std::size_t work_inputs_max = 16;
inline constexpr std::size_t work_outputs_max = 64;

/// Exactly one of `url` and `path`.
struct WorkInput {
    std::string url;           // http or https
    std::string path;          // on the network volume: /runpod-volume/… or /workspace/…
    std::string content_type;  // may be empty
    std::string sha256;        // hex; empty = not known
    std::uint64_t bytes = 0;   // 0 = not known
    std::string name = {};     // what a workflow calls it: is_input_name(); empty = no workflow reads it
};

/// Where one kind of output may be put. Several slots of one role differ in content type; the worker uses the
/// one that fits what it made. Without any slot it writes under `output_prefix` on the volume.
struct WorkOutputSlot {
    std::string role;  // main, mask, preview, thumbnail, report
    std::string content_type;
    std::string key;                                           // what to report in the result
    std::string url;                                           // presigned PUT
    std::vector<std::pair<std::string, std::string>> headers;  // to be sent exactly so
};

/// Which attempt this is, and where it is claimed before any work.
struct WorkFence {
    JobId job;
    AttemptId attempt;
    std::string attempt_token;  // 1 to 256 of [A-Za-z0-9_.-]
    std::string claim_url;      // empty = nobody to ask
};

struct WorkPayload {
    std::string job_id;  // the app's word for it: 1 to 128 of [A-Za-z0-9_.:-]
    std::string type;
    std::string params_json = "{}";  // an object
    std::vector<WorkInput> inputs;
    std::string workflow_json;                        // API format; empty = a built-in type
    std::map<std::string, std::string> role_of_node;  // saving node to main, mask or preview; one is main
    std::string output_prefix;  // without a slash at the end; empty = the worker chooses jobs/{job_id}
    std::vector<WorkOutputSlot> outputs;
    std::string webhook_url;  // empty = no callback
    std::string auth;         // sent verbatim as Authorization with the callback; empty = none
    Milliseconds time_limit{600'000};
    std::optional<WorkFence> fence;
};

/// A file's name that is no path and no trick: 1 to 128 of [A-Za-z0-9_.-] and blanks, not beginning with a
/// point or a blank.
bool is_input_name(std::string_view text);

std::string write_work_payload(const WorkPayload& payload);
/// Unknown members are ignored, wrong ones refused with their name.
Result<WorkPayload, ProtocolError> parse_work_payload(std::string_view json);

}  // namespace darkroom::runpod
