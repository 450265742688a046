// What the work would have cost: each execution by its seconds on a GPU, and each worker by the seconds from
// its start to its stop, which is what is billed. Money is in millionths of a US dollar. Pure state.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace darkroom::runpod::endpoint {

struct Execution {
    std::string job;
    std::string worker;
    Milliseconds busy{0};
    std::int64_t micro_usd = 0;
};

/// Seconds begun count as whole ones, as on the platform.
struct WorkerPeriod {
    std::string worker;
    TimePoint from;
    TimePoint to;
    std::int64_t seconds = 0;
    std::int64_t micro_usd = 0;
};

class CostLog {
public:
    CostLog(std::string gpu, std::int64_t micro_usd_per_second, std::size_t entries_max)
        : gpu_(std::move(gpu)), price_(micro_usd_per_second), entries_max_(entries_max) {}

    void executed(std::string_view job, std::string_view worker, Milliseconds busy);
    void worked(std::string_view worker, TimePoint from, TimePoint to);

    const std::string& gpu() const { return gpu_; }
    std::int64_t micro_usd_per_second() const { return price_; }
    std::int64_t executions_micro_usd() const { return executions_total_; }
    std::int64_t periods_micro_usd() const { return periods_total_; }
    const std::deque<WorkerPeriod>& periods() const { return periods_; }
    /// Totals and the newest entries.
    std::string json() const;

private:
    std::string gpu_;
    std::int64_t price_;
    std::size_t entries_max_;
    std::deque<Execution> executions_;
    std::deque<WorkerPeriod> periods_;
    std::int64_t executions_total_ = 0;
    std::int64_t periods_total_ = 0;
    std::int64_t busy_ms_ = 0;
    std::int64_t billed_seconds_ = 0;
};

/// Dollars with six digits behind the point.
std::string usd_text(std::int64_t micro_usd);

}  // namespace darkroom::runpod::endpoint
