// How far an attempt is, as its backend last told: for people to look at. It may be old, missing or wrong, so
// nothing is ever decided by it.
#pragma once
#include <cstdint>
#include <optional>

#include "base/ids.h"

namespace darkroom::ports {

struct StepProgress {
    std::int64_t value = 0;  // 0 to max
    std::int64_t max = 1;    // 1 to 1,000,000

    std::int64_t percent() const { return value * 100 / max; }
    bool operator==(const StepProgress&) const = default;
};

/// Safe to use from many threads at once; answers at once.
class ProgressBoard {
public:
    virtual ~ProgressBoard() = default;
    /// nullopt: nothing was told.
    virtual std::optional<StepProgress> progress_of(const AttemptId& attempt) const = 0;
};

}  // namespace darkroom::ports
