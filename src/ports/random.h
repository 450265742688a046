// Unpredictable bytes. A simulation gives seeded ones.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>

#include "base/ids.h"

namespace darkroom::ports {

/// Safe to use from many threads at once.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> bytes) = 0;

    std::uint64_t number() {
        std::uint8_t bytes[sizeof(std::uint64_t)];
        fill(bytes);
        std::uint64_t value = 0;
        std::memcpy(&value, bytes, sizeof value);
        return value;
    }
    template <class Id>
    Id id() {
        UuidBytes bytes{};
        fill(bytes);
        return Id::from_random(bytes);
    }
};

}  // namespace darkroom::ports
