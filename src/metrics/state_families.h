// The state of the moment as metric families: queues, endpoints, users, the database, the log.
#pragma once
#include <prometheus/metric_family.h>

#include <vector>

#include "metrics/exposition.h"

namespace darkroom::metrics {

/// Unset: the database does not answer, and nothing but that is said of it.
std::vector<prometheus::MetricFamily> store_families(const std::optional<ports::StoreGauges>& gauges);
std::vector<prometheus::MetricFamily> endpoint_families(const std::vector<EndpointState>& endpoints);
prometheus::MetricFamily build_family(const std::string& version);
prometheus::MetricFamily log_family();

}  // namespace darkroom::metrics
