// How fast remote endpoints are given new jobs after a trouble: not at all while it lasts or while a pause
// that the endpoint asked for runs; after an outage a few, then twice as many every ten seconds up to the
// endpoint's limit. A full queue would otherwise fall upon an endpoint that has just come back. A moment's
// trouble is no outage: one refusal among thousands of answers must not cost minutes.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"

namespace darkroom::dispatch {

struct PaceRules {
    int first_step = 4;               // jobs in the first step of a ramp
    Milliseconds step{10'000};        // each has twice as many as the one before
    Milliseconds outage_min{30'000};  // what lasted less begins no ramp
    Milliseconds look_again{1'000};   // whether a trouble has passed
    Milliseconds pause_min{1'000};    // what an endpoint may ask for
    Milliseconds pause_max{300'000};
};

/// Safe to use from many threads at once. Time is handed in.
class SitePace {
public:
    explicit SitePace(PaceRules rules = {}) : rules_(rules) {}

    /// Nothing more is sent to `site` for `pause`, as far as that is within the rules.
    void hold(const std::string& site, Milliseconds pause, Instant now);
    bool is_held(const std::string& site, Instant now) const;

    /// How many jobs may be claimed for it now, at most `limit`. `in_trouble` is what the endpoint says of
    /// itself; the first answer after an outage begins a ramp.
    int allowance(const std::string& site, bool in_trouble, int limit, Instant now);
    void took(const std::string& site, int jobs);

    /// When an allowance is worth asking for again; unset while nothing is held back.
    std::optional<Instant> next_change(Instant now) const;
    Milliseconds within_rules(Milliseconds pause) const;

private:
    struct State {
        bool in_trouble = false;
        std::optional<Instant> shut_since;
        Instant shut_until{};
        std::optional<Instant> held_until;
        std::optional<Instant> ramp_since;
        std::int64_t step = 0;
        int taken = 0;  // in this step
    };

    static void shut(State& state, Instant since, Instant until);

    const PaceRules rules_;
    mutable std::mutex mutex_;
    std::map<std::string, State> sites_;
};

}  // namespace darkroom::dispatch
