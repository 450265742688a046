// Runs workflows on a ComfyUI beside this process, for a worker: each under an id and in folders of its own,
// followed by asking, ended when nobody wants it, and cleaned up after. It remembers one thing between runs:
// that this machine is of no use any more.
#pragma once
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "comfyui/comfy_client.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "ports/workflow_work.h"

namespace darkroom::comfyui {

struct RunnerSettings {
    ComfySettings client;
    // ComfyUI's own folders, for removing what a run leaves there, as ComfyUI removes nothing; empty = it
    // stays.
    std::filesystem::path input_dir;
    std::filesystem::path output_dir;
    std::filesystem::path temp_dir;
    Milliseconds ready_patience{300'000};   // until it listens: models and nodes may take minutes to load
    Milliseconds gone_patience{10'000};     // with nobody listening while it should work on something of ours
    Milliseconds silent_patience{120'000};  // without an answer, likewise
    Milliseconds cancel_patience{30'000};   // until a cancelled prompt lets go of the GPU
    Milliseconds first_poll{100};           // doubles up to the longest
    Milliseconds longest_poll{1'000};
};

class ComfyRunner final : public ports::WorkflowWork {
public:
    /// settings.client has no problems(). All references must outlive the runner and its runs.
    ComfyRunner(RunnerSettings settings, ports::HttpClient& http, const ports::Clock& clock,
                ports::Random& random)
        : settings_(std::move(settings)), http_(http), clock_(clock), random_(random) {}

    std::unique_ptr<ports::WorkflowRun> prepare() override;
    std::optional<std::string> trouble() const override;

    /// Whether ComfyUI listens: nullopt, or why not. Asks once, for a few seconds at most.
    std::optional<std::string> problem_now();
    /// For good; the first reason stays. Any thread.
    void give_up(const std::string& why);

    const RunnerSettings& settings() const { return settings_; }
    ports::HttpClient& http() { return http_; }
    const ports::Clock& clock() const { return clock_; }
    ports::Random& random() { return random_; }

private:
    const RunnerSettings settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
    mutable std::mutex mutex_;
    std::optional<std::string> trouble_;
};

}  // namespace darkroom::comfyui
