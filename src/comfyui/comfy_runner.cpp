#include "comfyui/comfy_runner.h"

#include "base/log.h"
#include "comfyui/workflow_run.h"

namespace darkroom::comfyui {

std::unique_ptr<ports::WorkflowRun> ComfyRunner::prepare() { return std::make_unique<WorkflowRun>(*this); }

std::optional<std::string> ComfyRunner::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

std::optional<std::string> ComfyRunner::problem_now() {
    ComfyClient client(settings_.client, http_, clock_);
    const auto facts = client.system_stats();
    if (facts) return std::nullopt;
    return std::string(name_of(facts.error().kind)) + ": " + facts.error().detail;
}

void ComfyRunner::give_up(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (trouble_) return;
        trouble_ = why;
    }
    log::error("this machine can do no more workflows", {{"why", why}});
}

}  // namespace darkroom::comfyui
