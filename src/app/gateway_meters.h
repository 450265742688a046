// The gateway's metrics, wired: what the rooms tell goes in, what a scrape of /metrics gets comes out. Made
// first, so that it outlives whoever tells it anything.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/storage.h"
#include "metrics/exposition.h"
#include "metrics/metered_http_client.h"
#include "metrics/prometheus_meters.h"
#include "ports/backend.h"
#include "ports/clock.h"
#include "ports/job_store.h"
#include "ports/remote_backend.h"

namespace darkroom::app {

class GatewayMeters {
public:
    explicit GatewayMeters(const ports::Clock& clock) : clock_(clock) {}
    GatewayMeters(const GatewayMeters&) = delete;
    GatewayMeters& operator=(const GatewayMeters&) = delete;

    ports::Meters& meters() { return meters_; }

    /// Counts what goes through these stores.
    void stand_around(Storage& storage);
    std::unique_ptr<ports::ObjectStore> around(std::unique_ptr<ports::ObjectStore> store,
                                               const std::string& name);
    /// Counts requests to an endpoint; the client returned lives as long as this object.
    ports::HttpClient& around(ports::HttpClient& http, const std::string& endpoint, bool is_pod);

    /// Endpoints that get work, the store, and how many of its users are told by name. Once, before the first
    /// scrape; all of it outlives the scrapes.
    void watch(const ports::EndpointInfo& local, const std::vector<ports::RemoteBackend*>& remote,
               ports::JobStore& store, int users_named);
    /// What GET /metrics answers.
    std::string scrape() { return exposition_->text(); }

private:
    std::optional<ports::StoreGauges> read_store() const;
    std::vector<metrics::EndpointState> look_at_endpoints() const;

    const ports::Clock& clock_;
    metrics::PrometheusMeters meters_;
    std::vector<std::unique_ptr<metrics::MeteredHttpClient>> clients_;
    std::optional<ports::EndpointInfo> local_;
    std::vector<ports::RemoteBackend*> remote_;
    ports::JobStore* store_ = nullptr;
    int users_named_ = 0;
    std::unique_ptr<metrics::Exposition> exposition_;
};

}  // namespace darkroom::app
