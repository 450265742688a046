#include "app/system_random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace darkroom::app {

void SystemRandom::fill(std::span<std::uint8_t> bytes) {
    DR_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

}  // namespace darkroom::app
