#include "metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <iterator>

#include "metrics/process_figures.h"
#include "metrics/state_families.h"

namespace darkroom::metrics {
namespace {

// Two Prometheus servers and a person with curl are one look.
constexpr Milliseconds gauges_kept{5'000};

void append(std::vector<prometheus::MetricFamily>& all, std::vector<prometheus::MetricFamily> more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Exposition::Exposition(const PrometheusMeters& meters, ScrapeSources sources, const ports::Clock& clock)
    : meters_(meters), sources_(std::move(sources)), clock_(clock) {}

// While one asks, others get what was told last, be it nothing.
std::optional<ports::StoreGauges> Exposition::gauges() {
    {
        const std::lock_guard lock(mutex_);
        const bool is_fresh = asked_at_ && clock_.monotonic() < *asked_at_ + gauges_kept;
        if (is_fresh || (asking_ && asked_at_)) return told_;
        asking_ = true;
    }
    auto told = sources_.store();
    const std::lock_guard lock(mutex_);
    asking_ = false;
    asked_at_ = clock_.monotonic();
    told_ = std::move(told);
    return told_;
}

std::string Exposition::text() {
    auto families = meters_.families();
    append(families, store_families(gauges()));
    append(families, endpoint_families(sources_.endpoints()));
    append(families, process_families());
    families.push_back(build_family(sources_.version));
    families.push_back(log_family());
    std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace darkroom::metrics
