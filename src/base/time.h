// Two clocks that must not be mixed up: TimePoint is what the calendar says (stored, shown), Instant is what
// durations inside one process are measured with. Milliseconds everywhere, UTC, 64 bits.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom {

using Milliseconds = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Milliseconds>;
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

inline std::int64_t to_unix_ms(TimePoint time) { return time.time_since_epoch().count(); }
inline TimePoint from_unix_ms(std::int64_t ms) { return TimePoint(Milliseconds(ms)); }

/// RFC 3339 with milliseconds and Z, as in 2026-01-02T03:04:05.678Z.
std::string format_rfc3339(TimePoint time);
/// Accepts what format_rfc3339 writes, with or without fraction, with Z or a numeric offset.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

}  // namespace darkroom
