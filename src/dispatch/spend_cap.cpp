#include "dispatch/spend_cap.h"

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

constexpr Milliseconds look_again_after{5'000};

// Rounded down: a sum that is not quite there must not look as if it were. Whole cents, but below a dollar
// all digits: a job costs less than a cent, and so may a cap that somebody tries.
std::string dollars(std::int64_t micro_usd) {
    if (micro_usd > 0 && micro_usd < 1'000'000) {
        const auto digits = std::to_string(micro_usd);
        return "0." + std::string(6 - digits.size(), '0') + digits;
    }
    const auto cents = micro_usd / 10'000;
    const auto rest = std::to_string(cents % 100);
    return std::to_string(cents / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
}

std::chrono::sys_days day_of(TimePoint time) { return std::chrono::floor<std::chrono::days>(time); }

}  // namespace

bool SpendCap::reached() {
    const auto today = day_of(clock_.now());
    const auto now = clock_.monotonic();
    {
        const std::lock_guard lock(mutex_);
        if (seen_at_ && seen_day_ == today && now < *seen_at_ + look_again_after)
            return spent_micro_usd_ >= cap_micro_usd_;
    }
    const auto spent = store_.spent_today(clock_.now());
    if (!spent) {
        log::error("what was spent today is not known; nothing is sent to paid endpoints",
                   {{"detail", spent.error().detail}});
        return true;
    }
    bool tell = false;
    {
        const std::lock_guard lock(mutex_);
        seen_at_ = now;
        seen_day_ = today;
        spent_micro_usd_ = *spent;
        tell = *spent >= cap_micro_usd_ && told_day_ != today && node_.leads();
        if (tell) told_day_ = today;
    }
    if (tell)
        log::warning("the daily spend cap is reached; nothing is sent to paid endpoints until 00:00 UTC",
                     {{"spent_usd", dollars(*spent)}, {"cap_usd", dollars(cap_micro_usd_)}});
    return *spent >= cap_micro_usd_;
}

std::optional<std::string> SpendCap::trouble() const {
    const auto today = day_of(clock_.now());
    const std::lock_guard lock(mutex_);
    if (!seen_at_ || seen_day_ != today || spent_micro_usd_ < cap_micro_usd_) return std::nullopt;
    return "The daily spend cap is reached: " + dollars(spent_micro_usd_) + " of " + dollars(cap_micro_usd_) +
           " USD were spent today; nothing is sent to paid endpoints until 00:00 UTC.";
}

}  // namespace darkroom::dispatch
