#include "app/gateway_meters.h"

#include "metrics/metered_object_store.h"

namespace darkroom::app {

std::unique_ptr<ports::ObjectStore> GatewayMeters::around(std::unique_ptr<ports::ObjectStore> store,
                                                          const std::string& name) {
    return std::make_unique<metrics::MeteredObjectStore>(std::move(store), name, meters_, clock_);
}

void GatewayMeters::stand_around(Storage& storage) {
    storage.main = around(std::move(storage.main), "main");
    if (storage.beside) storage.beside = around(std::move(storage.beside), "volume");
}

ports::HttpClient& GatewayMeters::around(ports::HttpClient& http, const std::string& endpoint, bool is_pod) {
    const auto ops = is_pod ? metrics::comfyui_ops() : metrics::runpod_ops();
    clients_.push_back(std::make_unique<metrics::MeteredHttpClient>(http, endpoint, ops, meters_, clock_));
    return *clients_.back();
}

void GatewayMeters::watch(const ports::EndpointInfo& local, const std::vector<ports::RemoteBackend*>& remote,
                          ports::JobStore& store) {
    local_ = local;
    remote_ = remote;
    store_ = &store;
    std::vector<std::string> names{local.name};
    for (const auto* site : remote_) names.push_back(site->endpoint().name);
    meters_.expect_endpoints(names);
    exposition_ = std::make_unique<metrics::Exposition>(
        meters_,
        metrics::ScrapeSources{.version = DARKROOM_VERSION,
                               .store = [this] { return read_store(); },
                               .endpoints = [this] { return look_at_endpoints(); }},
        clock_);
}

std::optional<ports::StoreGauges> GatewayMeters::read_store() const {
    const auto counts = store_->count_queue();
    if (!counts) return std::nullopt;
    ports::StoreGauges gauges;
    if (const auto sums = sums_ != nullptr ? sums_->sums() : std::nullopt) {
        gauges.users = sums->largest;
        gauges.other_users_bytes = sums->others;
    }
    ports::StoreGauges::Queue queue;
    queue.backend = "all";
    queue.ready = counts->ready;
    queue.delayed = counts->delayed;
    gauges.queues.push_back(queue);
    const auto add = [&](const ports::EndpointInfo& endpoint) {
        const auto inflight = store_->list_inflight(endpoint.name);
        if (inflight)
            gauges.inflight.push_back(
                {endpoint.backend, endpoint.name, static_cast<std::int64_t>(inflight->size())});
        return inflight.ok();
    };
    if (!add(*local_)) return std::nullopt;
    for (const auto* site : remote_) {
        if (!add(site->endpoint())) return std::nullopt;
    }
    return gauges;
}

std::vector<metrics::EndpointState> GatewayMeters::look_at_endpoints() const {
    std::vector<metrics::EndpointState> states{{local_->name, local_->backend, local_->inflight_max, true}};
    for (const auto* site : remote_) {
        const auto& endpoint = site->endpoint();
        states.push_back({endpoint.name, endpoint.backend, endpoint.inflight_max, !site->trouble()});
    }
    return states;
}

}  // namespace darkroom::app
