#include "dispatch/site_pace.h"

#include <algorithm>

namespace darkroom::dispatch {
namespace {

// 4 × 2^20 jobs at a time are beyond any limit; the bound keeps the shift defined.
constexpr std::int64_t doublings_max = 20;

}  // namespace

Milliseconds SitePace::within_rules(Milliseconds pause) const {
    return std::clamp(pause, rules_.pause_min, rules_.pause_max);
}

void SitePace::shut(State& state, Instant since, Instant until) {
    if (!state.shut_since) state.shut_since = since;
    state.shut_until = std::max(state.shut_until, until);
}

void SitePace::hold(const std::string& site, Milliseconds pause, Instant now) {
    const std::lock_guard lock(mutex_);
    auto& state = sites_[site];
    const auto until = now + within_rules(pause);
    // Threads come back with refusals of the same moment: the longest pause that was asked for counts.
    if (!state.held_until || *state.held_until < until) state.held_until = until;
    shut(state, now, until);
}

bool SitePace::is_held(const std::string& site, Instant now) const {
    const std::lock_guard lock(mutex_);
    const auto found = sites_.find(site);
    return found != sites_.end() && found->second.held_until && *found->second.held_until > now;
}

int SitePace::allowance(const std::string& site, bool in_trouble, int limit, Instant now) {
    const std::lock_guard lock(mutex_);
    auto& state = sites_[site];
    if (state.held_until && *state.held_until <= now) state.held_until.reset();
    state.in_trouble = in_trouble;
    if (in_trouble || state.held_until) {
        shut(state, now, now);
        return 0;
    }
    const bool was_outage = state.shut_since && state.shut_until - *state.shut_since >= rules_.outage_min;
    state.shut_since.reset();
    if (was_outage) {
        state.ramp_since = now;
        state.step = 0;
        state.taken = 0;
    }
    if (!state.ramp_since) return limit;
    const auto step = std::min((now - *state.ramp_since) / rules_.step, doublings_max);
    const auto of_step = std::int64_t{rules_.first_step} << step;
    if (of_step >= limit) {
        state.ramp_since.reset();
        return limit;
    }
    if (step != state.step) {
        state.step = step;
        state.taken = 0;
    }
    return std::max(0, static_cast<int>(of_step) - state.taken);
}

void SitePace::took(const std::string& site, int jobs) {
    const std::lock_guard lock(mutex_);
    sites_[site].taken += jobs;
}

std::optional<Instant> SitePace::next_change(Instant now) const {
    const std::lock_guard lock(mutex_);
    std::optional<Instant> next;
    const auto consider = [&](Instant at) {
        if (at > now && (!next || at < *next)) next = at;
    };
    for (const auto& [name, state] : sites_) {
        if (state.held_until) consider(*state.held_until);
        if (state.in_trouble) consider(now + rules_.look_again);
        if (state.ramp_since && !state.shut_since)
            consider(*state.ramp_since + (state.step + 1) * rules_.step);
    }
    return next;
}

}  // namespace darkroom::dispatch
