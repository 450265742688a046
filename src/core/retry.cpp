#include "core/retry.h"

#include <algorithm>

namespace darkroom::core {

std::optional<Milliseconds> pause_before_retry(const RetryPolicy& policy, ErrorCode code,
                                               const AttemptHistory& history, std::uint64_t dice) {
    switch (traits(code).retry) {
        case RetryRule::never:
            return std::nullopt;
        case RetryRule::not_counted:
            if (history.interrupted >= policy.interruptions_max) return std::nullopt;
            return Milliseconds(0);
        case RetryRule::once:
            if (history.same_code > 1) return std::nullopt;
            break;
        case RetryRule::until_last:
            break;
    }
    if (history.counted >= policy.attempts_max) return std::nullopt;
    // 2^30 times any base is beyond the cap already; the bound keeps the shift defined.
    const int doublings = std::clamp(history.counted - 1, 0, 30);
    const auto grown = policy.pause_base.count() << doublings;
    const auto ceiling = std::min<std::int64_t>(grown, policy.pause_cap.count());
    return Milliseconds(static_cast<std::int64_t>(dice % (static_cast<std::uint64_t>(ceiling) + 1)));
}

}  // namespace darkroom::core
