// Digests and the text forms of bytes. OpenSSL does the work; nothing here logs or keeps what it is given.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace darkroom {

using Sha256Bytes = std::array<std::uint8_t, 32>;

/// SHA-256 over data that comes in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;

    void update(std::string_view bytes);
    /// Ends the computation; the object must not be used afterwards.
    Sha256Bytes finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

Sha256Bytes sha256(std::string_view bytes);
Sha256Bytes hmac_sha256(std::string_view key, std::string_view bytes);

/// Compares in a time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(std::span<const std::uint8_t> bytes);
/// RFC 4648 §5, without padding.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace darkroom
