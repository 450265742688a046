// An IP address and whether it belongs to the public Internet: the part of the guard against server-side
// request forgery that can be decided without asking anybody.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::core {

class IpAddress {
public:
    static IpAddress v4(const std::array<std::uint8_t, 4>& bytes);
    static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);
    /// Strict: dotted quads without leading zeros (RFC 6943 §3.1.1 names what else is in use, and none of it
    /// is read here), RFC 4291 §2.2 for v6 without zone and brackets.
    static std::optional<IpAddress> parse(std::string_view text);

    bool is_v4() const { return v4_; }
    /// In network order; a v4 address has its four bytes at the beginning.
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    std::string str() const;
    auto operator<=>(const IpAddress&) const = default;  // NOLINT(modernize-use-nullptr): its mistake

private:
    std::array<std::uint8_t, 16> bytes_{};
    bool v4_ = true;
};

/// A network as in 10.0.0.0/8 or fd00::/8; a bare address is the network of that one.
class IpNetwork {
public:
    static std::optional<IpNetwork> parse(std::string_view text);
    bool contains(const IpAddress& address) const;
    std::string str() const;

private:
    IpAddress first_;
    int prefix_bits_ = 0;
};

/// True only for global unicast: nothing of IANA's special-purpose registries (RFC 6890 and successors), no
/// multicast, and no v6 address that carries a v4 address (mapped, compatible, 6to4, NAT64, Teredo, ISATAP).
bool is_public(const IpAddress& address);

}  // namespace darkroom::core
