// The ComfyUI pods as the settings name them, and those that an earlier configuration left jobs at, each as a
// backend of its own, with the socket that tells how far its prompts are.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/gateway_meters.h"
#include "app/pod_settings.h"
#include "app/recipe_graphs.h"
#include "comfyui/pod_backend.h"
#include "comfyui/progress_socket.h"
#include "ports/remote_job_store.h"

namespace darkroom::app {

struct PodSurroundings {
    ports::ObjectStore& main;
    ports::HttpClient& http;
    const ports::Clock& clock;
    const RecipeGraphs& graphs;
    ports::WebSocketClient& sockets;
    GatewayMeters& meters;
    std::string client_name;  // of this gateway alone: no two may listen to a pod under one name
};

/// Whether remote jobs there are a pod's; all others are RunPod's.
bool is_pod_target(std::string_view target);

class PodSites final : public ports::ProgressBoard {
public:
    /// Whether these settings, or jobs at one of `left`, need any pod.
    static bool are_needed(const std::vector<PodEndpoint>& pods,
                           const std::vector<ports::RemoteTarget>& left);

    PodSites(const std::vector<PodEndpoint>& pods, const std::vector<ports::RemoteTarget>& left,
             const PodSurroundings& around);

    const std::vector<std::unique_ptr<comfyui::PodBackend>>& active() const { return active_; }
    const std::vector<std::unique_ptr<comfyui::PodBackend>>& kept() const { return kept_; }

    /// Of all of them, each to be run on a thread of its own.
    const std::vector<std::unique_ptr<comfyui::ProgressSocket>>& sockets() const { return sockets_; }
    std::optional<ports::StepProgress> progress_of(const AttemptId& attempt) const override;

private:
    comfyui::PodSettings settings_of(const PodEndpoint& pod, const PodSurroundings& around) const;
    void keep(const ports::RemoteTarget& left, const PodSurroundings& around);
    std::unique_ptr<comfyui::PodBackend> open(comfyui::PodSettings settings, const PodSurroundings& around);

    // In the order in which they need each other.
    std::vector<std::unique_ptr<comfyui::PromptProgress>> progress_;
    std::vector<std::unique_ptr<comfyui::ProgressSocket>> sockets_;
    std::vector<std::unique_ptr<comfyui::PodBackend>> active_;
    std::vector<std::unique_ptr<comfyui::PodBackend>> kept_;
};

}  // namespace darkroom::app
