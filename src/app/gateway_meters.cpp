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
                          ports::JobStore& store, int users_named) {
    users_named_ = users_named;
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
    auto gauges = store_->read_gauges(clock_.now(), users_named_);
    if (!gauges) return std::nullopt;
    return *std::move(gauges);
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
