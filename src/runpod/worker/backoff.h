// Growing pauses between tries, never in step with other workers: half of each pause is chance.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "ports/random.h"

namespace darkroom::runpod::worker {

class Backoff {
public:
    static constexpr Milliseconds first{500};
    static constexpr Milliseconds longest{30'000};

    explicit Backoff(ports::Random& random) : random_(random) {}

    /// Between 0.5 s and 30 s, doubling; at least half of what the schedule says.
    Milliseconds next() {
        const auto full = std::min<std::int64_t>(longest.count(), first.count() << std::min(tries_, 10));
        ++tries_;
        const auto half = full / 2;
        const auto jitter =
            static_cast<std::int64_t>(random_.number() % static_cast<std::uint64_t>(half + 1));
        return std::max(first, Milliseconds(half + jitter));
    }
    void reset() { tries_ = 0; }

private:
    ports::Random& random_;
    int tries_ = 0;
};

}  // namespace darkroom::runpod::worker
