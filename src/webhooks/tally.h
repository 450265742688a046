// Counts what came in, in memory only: whoever floods Darkroom with forged messages must not make it write.
// What is refused reaches the log at most once a minute, however much it is.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "ports/clock.h"
#include "ports/meters.h"

namespace darkroom::webhooks {

enum class Heard {
    hint,          // kept
    report,        // kept
    claim,         // answered by the store
    replayed,      // kept before
    no_token,      // names no remote job that is known
    unreadable,    // a hint whose body says nothing; kept all the same
    too_large,     // likewise, not even read
    forged_token,  // from here on: refused
    bad_signature,
    stale_signature  // right, but signed more than five minutes ago or hence: somebody's clock is wrong
};
inline constexpr int heard_count = 10;
std::string_view to_string(Heard what);

class Tally {
public:
    explicit Tally(const ports::Clock& clock, ports::Meters& meters = ports::no_meters())
        : clock_(clock), meters_(meters) {}

    void count(Heard what);
    std::int64_t of(Heard what) const { return counts_.at(static_cast<std::size_t>(what)); }

private:
    void tell_operator();

    const ports::Clock& clock_;
    ports::Meters& meters_;
    std::array<std::atomic<std::int64_t>, heard_count> counts_{};
    std::atomic<std::int64_t> quiet_until_ns_{0};  // on the monotonic clock; 0 = nothing told yet
};

}  // namespace darkroom::webhooks
