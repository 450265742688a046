// The ComfyUI beside a worker: what the environment tells of it, and the parts that drive it.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/setting_reader.h"
#include "comfyui/comfy_runner.h"
#include "objects/s3/s3_settings.h"
#include "ports/object_store.h"
#include "runpod/worker/job_work.h"

namespace darkroom::app {

struct ComfyPlan {
    comfyui::RunnerSettings runner;
    std::optional<objects::S3Settings> bucket;  // for results of jobs that want links
};

/// nullopt if COMFY_HOST is not set. `worker_id` becomes part of what ComfyUI knows this worker by.
std::optional<ComfyPlan> read_comfy_plan(SettingReader& reader, const std::string& worker_id);

class ComfyDrive {
public:
    /// All references must outlive it.
    ComfyDrive(const ComfyPlan& plan, ports::HttpClient& http, const ports::Clock& clock,
               ports::Random& random);

    enum class Start { ready, stopped, missing };
    /// Waits until ComfyUI listens, at most as long as the plan says. `pause` is true once the program is
    /// told to stop.
    Start wait_until_ready(const std::function<bool(Milliseconds)>& pause, const ports::Clock& clock);
    /// Why it is missing.
    const std::string& problem() const { return problem_; }

    runpod::worker::ComfyTools tools() { return {&runner_, bucket_.get()}; }

private:
    comfyui::ComfyRunner runner_;
    std::unique_ptr<ports::ObjectStore> bucket_;
    std::string problem_;
};

}  // namespace darkroom::app
