// How long the parts of a job took.
#pragma once
#include <chrono>

#include "base/time.h"

namespace darkroom::imaging {

class Stopwatch {
public:
    /// Since construction or the last lap.
    Milliseconds lap() {
        const auto now = std::chrono::steady_clock::now();
        const auto passed = std::chrono::duration_cast<Milliseconds>(now - since_);
        since_ = now;
        return passed;
    }

private:
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace darkroom::imaging
