#include "base/chance.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace darkroom {

// Up to 256 bytes come whole; more may be cut short by a signal.
void fill_with_chance(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        DR_CHECK(got > 0);
        bytes = bytes.subspan(std::size_t(got));
    }
}

}  // namespace darkroom
