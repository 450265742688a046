#include "app/system_random.h"

#include "base/chance.h"

namespace darkroom::app {

void SystemRandom::fill(std::span<std::uint8_t> bytes) { fill_with_chance(bytes); }

}  // namespace darkroom::app
