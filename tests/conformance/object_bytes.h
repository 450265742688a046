// Bytes for tests of object stores: sources that give them in odd pieces or fail, and reading an object back
// whole.
#pragma once
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/digest.h"
#include "ports/object_store.h"

namespace darkroom::conformance {

/// `size` bytes in which no two neighbouring blocks are alike; `seed` makes different objects.
inline std::string pattern(std::size_t size, std::uint32_t seed = 1) {
    std::string bytes(size, '\0');
    std::uint32_t state = seed * 2654435761u + 1;
    for (char& byte : bytes) {
        state = state * 1664525u + 1013904223u;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

inline std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

/// Gives `bytes` in pieces that fit no buffer size; fails after them if told so.
class BytesSource : public ports::ByteSource {
public:
    explicit BytesSource(std::string bytes, std::optional<ports::ObjectError> then = std::nullopt)
        : bytes_(std::move(bytes)), then_(std::move(then)) {}

    Result<std::size_t, ports::ObjectError> read(std::span<char> buffer) override {
        const auto count = std::min({buffer.size(), bytes_.size() - at_, std::size_t{40'961}});
        if (count == 0 && then_) return Fail(*then_);
        std::memcpy(buffer.data(), bytes_.data() + at_, count);
        at_ += count;
        return count;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
    std::optional<ports::ObjectError> then_;
};

inline Result<std::string, ports::ObjectError> read_all(ports::ObjectReader& reader) {
    std::string all;
    std::string buffer(33'333, '\0');
    for (;;) {
        const auto got = reader.read(buffer);
        if (!got) return Fail(got.error());
        if (*got == 0) return all;
        all.append(buffer, 0, *got);
    }
}

inline Result<std::string, ports::ObjectError> read_all(ports::ObjectStore& store,
                                                        const core::ObjectKey& key) {
    auto reader = store.open(key);
    if (!reader) return Fail(reader.error());
    return read_all(**reader);
}

inline Result<ports::ObjectInfo, ports::ObjectError> put_bytes(ports::ObjectStore& store,
                                                               const core::ObjectKey& key,
                                                               std::string bytes) {
    BytesSource source(std::move(bytes));
    return store.put(key, source);
}

/// Ids for tests: 1, 2, 3 … as UUIDs.
template <class Id>
Id numbered(std::uint8_t number) {
    UuidBytes bytes{};
    bytes[15] = number;
    return Id::from_random(bytes);
}

}  // namespace darkroom::conformance
