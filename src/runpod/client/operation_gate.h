// Lets one operation through as fast, and as many at once, as RunPod allows. Safe to use from many threads.
#pragma once
#include <mutex>

#include "ports/clock.h"
#include "runpod/client/operation.h"
#include "runpod/client/token_bucket.h"
#include "runpod/client/waits.h"

namespace darkroom::runpod {

class OperationGate {
public:
    /// Both references must outlive the gate.
    OperationGate(const OperationTraits& operation, const ports::Clock& clock, Waits& waits);

    enum class Answer { enter, not_in_time, stopped };
    struct Admission {
        Answer answer = Answer::enter;
        Milliseconds wait{0};  // not_in_time: when it may be possible
    };
    /// Waits until `deadline` at the latest, and not at all if that is known to be too early.
    Admission enter(Instant deadline);
    void leave();
    /// Leaves without having done anything.
    void leave_unused();

    void refused(Milliseconds pause);
    void accepted();
    /// Pauses after refusals without a Retry-After: 1 s, 2 s, 4 s … 60 s, half of it chance.
    Milliseconds own_pause(std::uint64_t dice) const;

    /// What is left of the pause after a refusal.
    Milliseconds paused_for() const;
    double per_second() const;

private:
    Milliseconds try_enter(Instant now);

    const ports::Clock& clock_;
    Waits& waits_;
    const int concurrent_max_;
    mutable std::mutex mutex_;
    TokenBucket bucket_;
    int inside_ = 0;
    int refusals_ = 0;  // in a row
};

}  // namespace darkroom::runpod
