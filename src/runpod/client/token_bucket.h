// How fast one operation may be used. Others may use the same account, so the limit that counts is the
// server's: a refusal halves the rate, success lets it grow back slowly. Pure: the time is handed in.
#pragma once
#include "base/time.h"

namespace darkroom::runpod {

class TokenBucket {
public:
    /// In any ten seconds no more than `per_10s` are given, which is divided between a burst and a steady
    /// flow.
    TokenBucket(double per_10s, Instant now);

    /// 0 = one was taken; otherwise how long until there is one.
    Milliseconds take(Instant now);
    /// What was taken was not used.
    void give_back();

    /// The server said no: half the rate, though never less than one in ten seconds, and nothing at all for
    /// `pause`.
    void refused(Instant now, Milliseconds pause);
    /// The server said yes.
    void accepted();

    /// What is left of a refusal's pause.
    Milliseconds paused_for(Instant now) const;
    double per_second() const { return per_second_ * share_; }

private:
    void refill(Instant now);

    double burst_;
    double per_second_;
    double share_ = 1;  // of the rate, while the server says no
    double tokens_;
    Instant filled_at_;
    Instant paused_until_;
};

}  // namespace darkroom::runpod
