#include "webhooks/tally.h"

#include "base/log.h"

namespace darkroom::webhooks {
namespace {

constexpr std::chrono::nanoseconds quiet_time = std::chrono::minutes(1);

}  // namespace

std::string_view to_string(Heard what) {
    constexpr std::array<std::string_view, heard_count> names{
        "hint",       "report",    "claim",        "replayed",      "no_token",
        "unreadable", "too_large", "forged_token", "bad_signature", "stale_signature"};
    return names.at(static_cast<std::size_t>(what));
}

void Tally::count(Heard what) {
    ++counts_.at(static_cast<std::size_t>(what));
    meters_.webhook_heard(to_string(what));
    if (what >= Heard::forged_token) tell_operator();
}

void Tally::tell_operator() {
    const auto now = clock_.monotonic().time_since_epoch().count();
    auto until = quiet_until_ns_.load();
    if (until != 0 && now < until) return;
    if (!quiet_until_ns_.compare_exchange_strong(until, now + quiet_time.count())) return;
    log::warning("webhooks were refused; a wrong signature: CALLBACK_SECRET is not the workers'",
                 {{"unknown_tokens", of(Heard::forged_token)},
                  {"wrong_signatures", of(Heard::bad_signature)},
                  {"signed_at_another_time", of(Heard::stale_signature)}});
}

}  // namespace darkroom::webhooks
