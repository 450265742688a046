// The series of one metric family, by the values of its labels. A series is made when it is first needed and
// then found by one look at a table, so that counting on a hot path costs tens of nanoseconds. However many
// values somebody thinks of, a family has no more than series_max of them: the rest is counted together as
// "other".
#pragma once
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <initializer_list>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace darkroom::metrics {

struct FamilyText {
    const char* name;
    const char* help;
    std::vector<std::string> labels = {};
};

/// All families of one registry, also those without a series so far: that a metric exists is told before its
/// first event.
class FamilyList {
public:
    prometheus::Registry& registry() { return registry_; }
    void note(const FamilyText& text, prometheus::MetricType type) {
        prometheus::MetricFamily family;
        family.name = text.name;
        family.help = text.help;
        family.type = type;
        bare_.push_back(std::move(family));
    }
    std::vector<prometheus::MetricFamily> collect() const {
        auto families = registry_.Collect();  // leaves out what is empty
        std::set<std::string_view> there;
        for (const auto& family : families) there.insert(family.name);
        for (const auto& family : bare_) {
            if (there.count(family.name) == 0) families.push_back(family);
        }
        return families;
    }

private:
    prometheus::Registry registry_;
    std::vector<prometheus::MetricFamily> bare_;
};

/// Any thread.
template <class Metric>
class SeriesTable {
public:
    static constexpr std::size_t series_max = 1'000;
    static constexpr std::size_t value_bytes_max = 100;

    /// `buckets` for histograms only.
    SeriesTable(FamilyList& families, FamilyText text, std::vector<double> buckets = {})
        : text_(std::move(text)),
          buckets_(std::move(buckets)),
          family_(make_family(families.registry(), text_)) {
        families.note(text_, Metric::metric_type);
    }

    /// The series with these values, in the order of the labels.
    Metric& of(std::initializer_list<std::string_view> values) {
        DR_CHECK(values.size() == text_.labels.size());
        thread_local std::string key;  // one allocation for each thread, not for each count
        key.clear();
        for (const auto value : values) key.append(bounded(value)).push_back('\x1f');
        {
            const std::shared_lock lock(mutex_);
            if (const auto it = series_.find(std::string_view(key)); it != series_.end()) return *it->second;
        }
        const std::unique_lock lock(mutex_);
        if (const auto it = series_.find(std::string_view(key)); it != series_.end()) return *it->second;
        if (series_.size() >= series_max) return add(std::vector<std::string_view>(values.size(), "other"));
        return *series_.emplace(key, &add(values)).first->second;
    }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };

    static prometheus::Family<Metric>& make_family(prometheus::Registry& registry, const FamilyText& text) {
        return prometheus::detail::Builder<Metric>().Name(text.name).Help(text.help).Register(registry);
    }
    static std::string_view bounded(std::string_view value) {
        return value.size() <= value_bytes_max ? value : "other";
    }
    template <class Values>
    Metric& add(const Values& values) {
        prometheus::Labels labels;
        auto name = text_.labels.begin();
        for (const auto value : values) labels.emplace(*name++, std::string(bounded(value)));
        if constexpr (std::is_same_v<Metric, prometheus::Histogram>) {
            return family_.Add(labels, buckets_);
        } else {
            return family_.Add(labels);
        }
    }

    const FamilyText text_;
    const std::vector<double> buckets_;
    prometheus::Family<Metric>& family_;  // of the registry, which outlives the table
    std::shared_mutex mutex_;
    std::unordered_map<std::string, Metric*, Hash, std::equal_to<>> series_;
};

using Counters = SeriesTable<prometheus::Counter>;
using Gauges = SeriesTable<prometheus::Gauge>;
using Histograms = SeriesTable<prometheus::Histogram>;

}  // namespace darkroom::metrics
