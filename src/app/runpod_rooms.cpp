#include "app/runpod_rooms.h"

#include <algorithm>

#include "app/named_thread.h"
#include "app/pod_sites.h"
#include "base/log.h"

namespace darkroom::app {

bool RunpodRooms::are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left) {
    if (settings.runpod.is_used()) return true;
    const bool left_some = std::any_of(left.begin(), left.end(),
                                       [](const auto& target) { return !is_pod_target(target.target); });
    if (!left_some) return false;
    if (!settings.runpod.api_key.empty()) return true;
    log::warning("jobs were left at RunPod and nobody can look after them: set RUNPOD_API_KEY");
    return false;
}

RunpodRooms::RunpodRooms(const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left)
    : around_(around),
      sites_(around.settings.runpod, left,
             {.main = around.objects,
              .storage = around.storage,
              .http = around.http,
              .clock = around.clock,
              .random = around.random,
              .public_url = around.public_url,
              .run_timeout = around.settings.run_timeout,
              .graphs = around.graphs,
              .resolver = around.resolver,
              .url_rules = around.url_rules,
              .meters = around.meters}),
      spend_cap_(around.settings.runpod.daily_cap_micro_usd
                     ? std::make_unique<dispatch::SpendCap>(around.remote_jobs, around.clock,
                                                            *around.settings.runpod.daily_cap_micro_usd,
                                                            around.nodes)
                     : nullptr),
      webhooks_(around.remote_jobs, around.clock,
                {.attempt_secret = around.signing_secret,
                 .callback_secrets = around.settings.runpod.callback_secrets,
                 .meters = &around.meters.meters()}) {
    if (around.settings.runpod.scale) build_scaling();
}

RunpodRooms::~RunpodRooms() { stop(); }

void RunpodRooms::build_scaling() {
    const auto& runpod = around_.settings.runpod;
    runpod::scale::ManagementSettings management;
    management.base_url = runpod.rest_url;
    management.api_key = runpod.api_key;
    management.version = DARKROOM_VERSION;
    management_ =
        std::make_unique<runpod::scale::ManagementClient>(std::move(management), around_.http, around_.clock);
    for (const auto& site : sites_.active()) {
        runpod::scale::ScaleSettings settings;
        settings.workers_min = runpod.scale->workers_min;
        settings.workers_max = runpod.scale->workers_max;
        settings.jobs_inflight_max = site.endpoint.inflight_max;
        controllers_.push_back(std::make_unique<runpod::scale::ScaleController>(
            runpod::scale::ScaledEndpoint{site.endpoint.name, site.endpoint.id}, settings, *management_,
            *site.health, [this, endpoint = &site.endpoint] { return figures_of(*endpoint); },
            around_.clock));
    }
}

// What is ready is shared out by weight, so each endpoint counts with its share of it. Of several nodes only
// the one that leads scales.
std::optional<runpod::scale::QueueFigures> RunpodRooms::figures_of(const RunpodEndpoint& endpoint) const {
    // Two nodes would undo what the other has set.
    if (around_.nodes != nullptr && !around_.nodes->leads()) return std::nullopt;
    const auto queue = around_.jobs.count_queue();
    const auto inflight = around_.jobs.list_inflight(endpoint.name);
    if (!queue || !inflight) return std::nullopt;
    std::int64_t weights = 0;
    for (const auto& site : sites_.active()) weights += site.endpoint.weight;
    runpod::scale::QueueFigures figures;
    figures.ready = (queue->ready * endpoint.weight + weights - 1) / weights;
    figures.inflight = static_cast<std::int64_t>(inflight->size());
    return figures;
}

void RunpodRooms::start() {
    for (std::size_t i = 0; i < controllers_.size(); ++i)
        threads_.push_back(named_thread("scale-" + std::to_string(i),
                                        [&controller = *controllers_[i]] { controller.run(); }));
}

void RunpodRooms::jobs_ready() {
    for (const auto& controller : controllers_) controller->wake();
}

void RunpodRooms::stop() {
    if (management_) management_->stop();
    for (const auto& controller : controllers_) controller->stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

}  // namespace darkroom::app
