// What the kernel says of this process, under the names that all Prometheus clients use.
#pragma once
#include <prometheus/metric_family.h>

#include <optional>
#include <string_view>
#include <vector>

namespace darkroom::metrics {

/// Of the texts of /proc/self/stat and /proc/stat; unset = they are not as they should be.
struct ProcessFigures {
    double cpu_seconds = 0;
    double start_time_seconds = 0;  // since 1970
    double virtual_bytes = 0;
    double resident_bytes = 0;
    double threads = 0;
};
std::optional<ProcessFigures> parse_process_figures(std::string_view self_stat, std::string_view stat);

/// What cannot be read is left out.
std::vector<prometheus::MetricFamily> process_families();

}  // namespace darkroom::metrics
