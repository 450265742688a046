#include "core/attempt_token.h"

#include <algorithm>

#include "base/digest.h"

namespace darkroom::core {
namespace {

constexpr std::size_t mac_bytes = 24;
// Transfer tokens are made with the same secret: this keeps one from ever being the other.
constexpr std::string_view purpose = "darkroom attempt 1\n";

std::string with_mac(const UuidBytes& id, std::string_view secret) {
    std::string bytes(id.begin(), id.end());
    const auto mac = hmac_sha256(secret, std::string(purpose) + bytes);
    bytes.append(as_text(mac).substr(0, mac_bytes));
    return bytes;
}

}  // namespace

std::string attempt_token(const AttemptId& attempt, std::string_view secret) {
    return to_base64url(with_mac(attempt.bytes(), secret));
}

std::optional<AttemptId> read_attempt_token(std::string_view token, std::string_view secret) {
    const auto bytes = from_base64url(token);
    UuidBytes id{};
    if (!bytes || bytes->size() != id.size() + mac_bytes) return std::nullopt;
    std::copy_n(bytes->begin(), id.size(), id.begin());
    if (!equal_constant_time(*bytes, with_mac(id, secret))) return std::nullopt;
    return AttemptId(id);
}

}  // namespace darkroom::core
