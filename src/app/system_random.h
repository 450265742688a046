// Chance from the kernel.
#pragma once
#include "ports/random.h"

namespace darkroom::app {

class SystemRandom : public ports::Random {
public:
    void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace darkroom::app
