// What `darkroom worker` is told: the environment that RunPod gives its workers, and Darkroom's own. Every
// problem is found at once and named in one line, never with the value of a secret.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "app/environment.h"
#include "app/settings.h"
#include "app/worker_comfy.h"
#include "base/log.h"
#include "base/result.h"
#include "imaging/pool/pool_options.h"
#include "runpod/protocol/worker_urls.h"
#include "runpod/worker/worker_settings.h"

namespace darkroom::app {

struct WorkerPlan {
    runpod::worker::WorkerSettings worker;  // its work_dir is filled in when there is one
    runpod::WorkerUrlTemplates urls;
    runpod::WorkerIdentity identity;
    std::filesystem::path work_dir;  // empty = one of its own, gone at its end
    imaging::PoolOptions pool;
    std::optional<ComfyPlan> comfy;  // unset = only the built-in types
    Milliseconds grace{0};
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::text;
};

/// `alone`: for one job from the command line, no endpoint is needed.
Result<WorkerPlan, SettingProblems> read_worker_settings(const Environment& environment, bool alone,
                                                         SettingProblems problems = {});

}  // namespace darkroom::app
