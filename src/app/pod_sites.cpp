#include "app/pod_sites.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::app {
namespace {

// As PodBackend::target() begins.
constexpr std::string_view target_prefix = "comfyui:";

}  // namespace

bool is_pod_target(std::string_view target) { return target.starts_with(target_prefix); }

bool PodSites::are_needed(const std::vector<PodEndpoint>& pods,
                          const std::vector<ports::RemoteTarget>& left) {
    return !pods.empty() || std::any_of(left.begin(), left.end(),
                                        [](const auto& place) { return is_pod_target(place.target); });
}

PodSites::PodSites(const std::vector<PodEndpoint>& pods, const std::vector<ports::RemoteTarget>& left,
                   const PodSurroundings& around) {
    for (const auto& pod : pods) active_.push_back(open(settings_of(pod, around), around));
    for (const auto& place : left) {
        if (is_pod_target(place.target)) keep(place, around);
    }
}

std::unique_ptr<comfyui::PodBackend> PodSites::open(comfyui::PodSettings settings,
                                                    const PodSurroundings& around) {
    auto& progress = *progress_.emplace_back(std::make_unique<comfyui::PromptProgress>(around.clock));
    sockets_.push_back(std::make_unique<comfyui::ProgressSocket>(settings.client, settings.name,
                                                                 around.sockets, progress, around.clock));
    auto& http = around.meters.around(around.http, settings.name, true);
    return std::make_unique<comfyui::PodBackend>(std::move(settings), around.graphs.for_pods(), around.main,
                                                 http, around.clock, &progress);
}

std::optional<ports::StepProgress> PodSites::progress_of(const AttemptId& attempt) const {
    for (const auto& pod : progress_) {
        if (const auto told = pod->progress_of(attempt)) return told;
    }
    return std::nullopt;
}

comfyui::PodSettings PodSites::settings_of(const PodEndpoint& pod, const PodSurroundings& around) const {
    comfyui::PodSettings settings;
    settings.client.base_url = pod.url;
    settings.client.headers = pod.headers;
    settings.client.query = pod.query;
    settings.client.api_node_key = pod.api_node_key;
    settings.client.client_id = around.client_name;
    settings.name = pod.name;
    settings.inflight_max = pod.inflight_max.value_or(pod_inflight_default);
    settings.weight = pod.weight;
    return settings;
}

// Jobs are looked after where they were sent, whatever is configured today; a login that stood before that
// pod is not known any more.
void PodSites::keep(const ports::RemoteTarget& left, const PodSurroundings& around) {
    const auto is_there = [&](const auto& site) { return site->target() == left.target; };
    if (std::any_of(active_.begin(), active_.end(), is_there)) return;
    if (std::any_of(kept_.begin(), kept_.end(), is_there)) return;
    PodEndpoint pod;
    pod.url = left.target.substr(target_prefix.size());
    pod.name = left.endpoint;
    auto settings = settings_of(pod, around);
    if (!comfyui::problems(settings.client).empty()) {
        log::warning("jobs were left at a pod that these settings cannot reach",
                     {{"endpoint", left.endpoint}, {"target", left.target}});
        return;
    }
    kept_.push_back(open(std::move(settings), around));
    log::info("looking after jobs at a pod that gets no more",
              {{"endpoint", left.endpoint}, {"target", left.target}});
}

}  // namespace darkroom::app
