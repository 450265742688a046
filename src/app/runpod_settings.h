// What the operator says of RunPod Serverless: the endpoints with their limits and prices, the secrets of
// their workers, and what may be spent.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "objects/s3/s3_settings.h"
#include "runpod/backend/foreign_words.h"
#include "runpod/protocol/callback_signature.h"

namespace darkroom::app {

class SettingReader;
struct StorageSettings;

struct RunpodEndpoint {
    std::string id;
    std::string name;  // in attempts, events and logs; the id unless it is named
    int weight = 1;
    int inflight_max = 10;
    std::string gpu;                            // empty = not told
    std::int64_t micro_usd_per_second = 0;      // of execution; 0 = not known
    std::optional<objects::S3Settings> volume;  // its own network volume; unset = the one of all endpoints
    std::string worker = "auto";                // what its workers are, as ServerlessSettings has it
    runpod::ForeignLayout layout = {};          // how they see the volume

    /// Its workers know nothing of Darkroom's own orders.
    bool is_foreign() const { return worker == "volume_files" || worker == "worker_comfyui"; }
};

struct ScaleBounds {
    int workers_min = 0;
    int workers_max = 0;
};

struct RunpodSettings {
    std::string api_key;  // empty = none
    std::string base_url;
    std::string rest_url;
    std::vector<RunpodEndpoint> endpoints;  // all foreign or none; empty = attempts run on this machine only
    bool is_near = false;  // RunPod is played on this machine or network: nothing has to be public
    std::vector<runpod::CallbackSecret> callback_secrets;  // any of them is right; empty = no callbacks
    Milliseconds queue_budget{0};                          // how long RunPod may let a job wait
    std::optional<std::int64_t> daily_cap_micro_usd;
    std::optional<ScaleBounds> scale;

    /// Attempts can run on RunPod.
    bool is_used() const { return !endpoints.empty(); }
};

enum class RunpodUse {
    none,    // no work is sent there
    beside,  // if it is set up, for jobs that ask for it or cannot be done elsewhere
    first    // by default: then it must be set up
};

/// Reads RUNPOD_* and what belongs to them; what is wrong is left with the reader, what is only worth a line
/// goes into `notes`. `own_url` is BACKEND_BASE_URL, `run_timeout` the limit of an attempt.
RunpodSettings read_runpod(SettingReader& reader, const StorageSettings& storage, const std::string& own_url,
                           Milliseconds run_timeout, RunpodUse use, std::vector<std::string>& notes);

/// True where an http or https URL leads to this machine or a private network: a loopback or private address,
/// localhost, a name without a dot, or one that ends in .internal, .local or .localhost.
bool leads_nearby(const std::string& url);

}  // namespace darkroom::app
