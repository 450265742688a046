// What a scrape of /metrics gets: the events that PrometheusMeters counted, and the state of the moment,
// which is asked for now. The store is asked at most once in a few seconds, however many scrape: monitoring
// must not be what loads the database.
#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metrics/prometheus_meters.h"
#include "ports/clock.h"
#include "ports/meters.h"

namespace darkroom::metrics {

struct EndpointState {
    std::string name;
    std::string backend;
    int inflight_max = 0;
    bool is_up = true;  // false: it gets nothing, for a reason that POST /dispatcher tells
};

struct ScrapeSources {
    std::string version;
    std::function<std::optional<ports::StoreGauges>()> store;  // unset = it does not answer
    std::function<std::vector<EndpointState>()> endpoints;
};

class Exposition {
public:
    /// All references outlive it.
    Exposition(const PrometheusMeters& meters, ScrapeSources sources, const ports::Clock& clock);

    /// In Prometheus' text format. Any thread; blocks on the store.
    std::string text();

private:
    std::optional<ports::StoreGauges> gauges();

    const PrometheusMeters& meters_;
    const ScrapeSources sources_;
    const ports::Clock& clock_;
    std::mutex mutex_;  // of what follows
    bool asking_ = false;
    std::optional<Instant> asked_at_;
    std::optional<ports::StoreGauges> told_;
};

}  // namespace darkroom::metrics
