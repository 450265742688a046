// One RunPod Serverless endpoint as a place where attempts run: its name here, its limits, its price, and the
// address under which its workers reach this gateway. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "runpod/backend/foreign_words.h"
#include "runpod/client/client_settings.h"

namespace darkroom::runpod {

struct ServerlessSettings {
    std::string name;  // as configured; empty = the endpoint's id
    int inflight_max = 10;
    int weight = 1;
    std::string gpu;                        // what is paid for; empty = not known
    std::int64_t micro_usd_per_second = 0;  // of execution; 0 = not known
    std::string public_base_url;  // of this gateway; empty = nobody can call it, so nobody is asked to
    bool callbacks = false;       // workers know a secret and may sign callbacks
    Milliseconds queue_budget{3'600'000};             // how long a job may wait there for a worker
    Milliseconds execution_max{0};                    // no order gets more; 0 = the order's own limit
    Milliseconds url_life_max{7LL * 24 * 3'600'000};  // of presigned URLs, which live as long as their order
    // What its workers are: darkroom, volume_files, worker_comfyui; auto = Darkroom's for what is built in,
    // and for workflows what the recipe says.
    std::string worker = "auto";
    ForeignLayout layout;
    ClientSettings client;

    /// Its workers know nothing of Darkroom's own orders.
    bool is_foreign() const { return worker == "volume_files" || worker == "worker_comfyui"; }
};

/// One line for each thing that is wrong; names no key.
std::vector<std::string> problems(const ServerlessSettings& settings);

/// Where the endpoint is, for ever: "https://api.runpod.ai/v2|abc123". Holds no key.
std::string target_of(const ServerlessSettings& settings);
/// `like` for the endpoint that `target` names, so that old remote jobs are looked after with today's key.
/// nullopt if the text is no target, or one of another server than `like` has: a key goes nowhere but to the
/// server it was configured for.
std::optional<ServerlessSettings> settings_for_target(const ServerlessSettings& like,
                                                      std::string_view target);

/// Of a path that begins with a slash; empty without a public base URL.
std::string public_url(const ServerlessSettings& settings, std::string_view path);

}  // namespace darkroom::runpod
