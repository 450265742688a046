// Whether an endpoint is worth asking at all. After five failures in a row nobody asks for a while; then one
// request goes first, and the others follow if it is answered. Pure: time and chance are handed in.
//
//   closed --5 failures--> open --its time is over--> one probe --answered--> closed
//                           ^----------------------------failed---, twice as long, at most a minute
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace darkroom::runpod {

class CircuitBreaker {
public:
    static constexpr int failures_max = 5;
    static constexpr Milliseconds first_pause{1'000};
    static constexpr Milliseconds longest_pause{60'000};

    /// nullopt = go on, and tell the end by answered(), failed() or dropped(). Otherwise when to ask again.
    std::optional<Milliseconds> refuses(Instant now);
    /// The server is there, whatever it said.
    void answered();
    /// It is not, or it is in trouble.
    void failed(Instant now, std::uint64_t dice);
    /// The request was not made after all, or tells nothing about the server.
    void dropped();

    bool is_open() const { return is_open_; }

private:
    int failures_ = 0;  // in a row
    int openings_ = 0;  // in a row
    bool is_open_ = false;
    bool probing_ = false;
    Instant open_until_{};
};

}  // namespace darkroom::runpod
