#include "dispatch/attempt_history.h"

namespace darkroom::dispatch {
namespace {

void count(core::AttemptHistory& history, core::ErrorCode failed_with, core::ErrorCode code) {
    if (core::traits(failed_with).retry == core::RetryRule::not_counted) {
        ++history.interrupted;
        return;
    }
    ++history.counted;
    if (failed_with == code) ++history.same_code;
}

}  // namespace

core::AttemptHistory history_of(const core::Job& job, core::ErrorCode code) {
    core::AttemptHistory history{.counted = 0, .interrupted = 0, .same_code = 0};
    for (std::size_t i = 0; i + 1 < job.attempts.size(); ++i) {
        const auto& attempt = job.attempts[i];
        if (attempt.number > job.attempts_forgiven && attempt.error)
            count(history, attempt.error->code, code);
    }
    count(history, code, code);
    return history;
}

}  // namespace darkroom::dispatch
