#include "app/runpod_sites.h"

#include <algorithm>

#include "app/pod_sites.h"
#include "base/log.h"
#include "objects/s3/s3_object_store.h"

namespace darkroom::app {
namespace {

ports::ObjectStore* common_volume(const RunpodSurroundings& around) {
    if (around.storage.volume() != nullptr) return around.storage.volume();
    return around.storage.main_is_volume ? &around.main : nullptr;
}

}  // namespace

RunpodSites::RunpodSites(const RunpodSettings& settings, const std::vector<ports::RemoteTarget>& left,
                         const RunpodSurroundings& around)
    : around_(around), links_(around.http, around.resolver, around.clock, around.url_rules) {
    if (auto* const volume = common_volume(around))
        common_ = std::make_unique<runpod::InputCopies>(around.main, *volume);
    for (const auto& endpoint : settings.endpoints) {
        RunpodSite site{endpoint, nullptr, nullptr};
        site.backend = std::make_unique<runpod::ServerlessBackend>(
            settings_of(settings, endpoint), around.main, volume_of(endpoint),
            around.meters.around(around.http, endpoint.name, false), around.clock, around.random);
        auto& backend = *site.backend;
        equip(backend);
        site.health = std::make_unique<runpod::scale::HealthWatch>(
            endpoint.name, [&backend] { return backend.health(); }, around.clock);
        backend.explain_waiting_by([&watch = *site.health] { return watch.waiting_for(); });
        active_.push_back(std::move(site));
    }
    keep(settings, left);
}

runpod::ServerlessSettings RunpodSites::settings_of(const RunpodSettings& settings,
                                                    const RunpodEndpoint& endpoint) const {
    runpod::ServerlessSettings made;
    made.name = endpoint.name;
    made.inflight_max = endpoint.inflight_max;
    made.weight = endpoint.weight;
    made.gpu = endpoint.gpu;
    made.micro_usd_per_second = endpoint.micro_usd_per_second;
    made.public_base_url = around_.public_url;
    made.callbacks = !settings.callback_secrets.empty();
    made.queue_budget = settings.queue_budget;
    made.execution_max = around_.run_timeout;
    made.worker = endpoint.worker;
    made.layout = endpoint.layout;
    made.client.base_url = settings.base_url;
    made.client.endpoint_id = endpoint.id;
    made.client.api_key = settings.api_key;
    made.client.version = DARKROOM_VERSION;
    return made;
}

void RunpodSites::equip(runpod::ServerlessBackend& backend) const {
    backend.make_workflows_by([&graphs = around_.graphs](const ports::WorkOrder& work, const auto& inputs) {
        return graphs.graph_of(work, inputs);
    });
    backend.read_links_by(links_);
}

// Endpoints with the same volume share what is placed there.
runpod::InputCopies* RunpodSites::volume_of(const RunpodEndpoint& endpoint) {
    if (!endpoint.volume) return common_.get();
    const auto name = endpoint.volume->endpoint + "/" + endpoint.volume->bucket;
    const auto known = std::find_if(volumes_.begin(), volumes_.end(),
                                    [&](const auto& volume) { return volume.name == name; });
    if (known != volumes_.end()) return known->copies.get();
    auto store = around_.meters.around(std::make_unique<objects::S3ObjectStore>(
                                           *endpoint.volume, around_.http, around_.clock, around_.random),
                                       "volume");
    auto copies = std::make_unique<runpod::InputCopies>(around_.main, *store);
    volumes_.push_back({name, std::move(store), std::move(copies)});
    return volumes_.back().copies.get();
}

bool RunpodSites::is_known(const std::string& target) const {
    const auto sites = all();
    return std::any_of(sites.begin(), sites.end(),
                       [&](const auto* site) { return site->target() == target; });
}

// Jobs are looked after where they were sent, whatever is configured today.
void RunpodSites::keep(const RunpodSettings& settings, const std::vector<ports::RemoteTarget>& left) {
    for (const auto& [name, target] : left) {
        if (is_known(target) || is_pod_target(target)) continue;
        RunpodEndpoint endpoint;
        endpoint.id = "unknown";
        endpoint.name = name;
        const auto made = runpod::settings_for_target(settings_of(settings, endpoint), target);
        if (!made) {
            log::warning("jobs were left at an endpoint that these settings cannot reach",
                         {{"endpoint", name}, {"target", target}});
            continue;
        }
        kept_.push_back(std::make_unique<runpod::ServerlessBackend>(
            *made, around_.main, common_.get(), around_.meters.around(around_.http, name, false),
            around_.clock, around_.random));
        equip(*kept_.back());
        log::info("looking after jobs at an endpoint that gets no more",
                  {{"endpoint", name}, {"target", target}});
    }
}

std::vector<runpod::ServerlessBackend*> RunpodSites::all() const {
    std::vector<runpod::ServerlessBackend*> backends;
    for (const auto& site : active_) backends.push_back(site.backend.get());
    for (const auto& backend : kept_) backends.push_back(backend.get());
    return backends;
}

std::vector<ports::ObjectStore*> RunpodSites::own_volumes() const {
    std::vector<ports::ObjectStore*> stores;
    for (const auto& volume : volumes_) stores.push_back(volume.store.get());
    return stores;
}

}  // namespace darkroom::app
