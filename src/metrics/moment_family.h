// A family that is made for one scrape, with its values as they are at that moment.
#pragma once
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace darkroom::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

class MomentFamily {
public:
    MomentFamily(std::string name, std::string help,
                 prometheus::MetricType type = prometheus::MetricType::Gauge) {
        family_.name = std::move(name);
        family_.help = std::move(help);
        family_.type = type;
    }

    MomentFamily& add(double value, const Labels& labels = {}) {
        prometheus::ClientMetric metric;
        for (const auto& [name, text] : labels) metric.label.push_back({name, text});
        metric.gauge.value = metric.counter.value = value;  // the type chooses
        family_.metric.push_back(std::move(metric));
        return *this;
    }
    prometheus::MetricFamily take() { return std::move(family_); }

private:
    prometheus::MetricFamily family_;
};

}  // namespace darkroom::metrics
