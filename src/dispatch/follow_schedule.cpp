#include "dispatch/follow_schedule.h"

#include <algorithm>

namespace darkroom::dispatch {
namespace {

constexpr double growth = 1.5;
// ±20 %: jobs of one batch that were submitted together are not asked for together.
constexpr double jitter = 0.2;

Milliseconds times_factor(Milliseconds time, double factor) {
    const auto scaled = static_cast<std::int64_t>(static_cast<double>(time.count()) * factor);
    return Milliseconds(std::max<std::int64_t>(1, scaled));
}

}  // namespace

FollowTimes FollowTimes::scaled(double factor) const {
    FollowTimes times;
    for (const auto member :
         {&FollowTimes::first_look, &FollowTimes::look_pause_max, &FollowTimes::trouble_pause_max,
          &FollowTimes::polled_pause_max, &FollowTimes::adopt_window, &FollowTimes::not_visible_yet,
          &FollowTimes::work_limit, &FollowTimes::operator_pause, &FollowTimes::store_pause,
          &FollowTimes::quiet_round})
        times.*member = times_factor(this->*member, factor);
    return times;
}

Milliseconds pause_before_look(const FollowTimes& times, int looks, std::uint64_t dice) {
    auto pause = times.first_look;
    for (int look = 0; look < looks && pause < times.look_pause_max; ++look)
        pause = times_factor(pause, growth);
    const double spread = static_cast<double>(dice % 10'001) / 10'000.0;  // 0 … 1
    return times_factor(std::min(pause, times.look_pause_max), 1.0 - jitter + 2.0 * jitter * spread);
}

Milliseconds pause_after_trouble(const FollowTimes& times, int looks, Milliseconds retry_after,
                                 std::uint64_t dice) {
    return std::max(pause_before_look(times, looks, dice),
                    std::clamp(retry_after, Milliseconds(0), times.trouble_pause_max));
}

}  // namespace darkroom::dispatch
