// Many clients at once on one thread, each asking again as soon as it has its answer. It shares its cores
// with the server, so it does little more per request than one read and one write.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace darkroom::bench {

struct LoadPlan {
    std::uint16_t port = 0;
    int connections = 64;  // kept open, opened anew when the server has had enough of one
    std::string request;   // the same from everybody
    int expected_status = 200;
    Milliseconds duration{3'000};
    /// 0: whoever has an answer asks again at once. Else so many requests a second, each when its time has
    /// come; one that finds everybody waiting counts from that time on as well.
    double per_second = 0;
};

struct LoadResult {
    std::int64_t answered = 0;      // as expected and within the duration
    std::int64_t answered_all = 0;  // the same with those that were still on their way at its end
    std::int64_t failed = 0;        // another status, or no answer at all
    double seconds = 0;
    std::vector<double> latencies_ms;  // of the ones in `answered`

    double per_second() const { return static_cast<double>(answered) / seconds; }
};

/// Waits for every request it sent, so that nothing of it is left behind for the next measurement.
LoadResult run_load(const LoadPlan& plan);

}  // namespace darkroom::bench
