#include "core/ip_address.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

#include "base/check.h"

namespace darkroom::core {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Decimal, without sign and leading zeros, at most `limit`.
std::optional<int> read_decimal(std::string_view text, int limit) {
    if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value <= limit ? std::optional(value) : std::nullopt;
}

std::optional<std::array<std::uint8_t, 4>> read_v4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto end = text.find('.');
        const bool last = i + 1 == bytes.size();
        if (last != (end == std::string_view::npos)) return std::nullopt;
        const auto value = read_decimal(text.substr(0, end), 255);
        if (!value) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*value);
        if (!last) text.remove_prefix(end + 1);
    }
    return bytes;
}

/// Groups of 1 to 4 hex digits with colons between, the last one possibly a dotted quad; appended to `into`.
bool read_groups(std::string_view text, bool may_end_in_v4, std::vector<std::uint8_t>& into) {
    if (text.empty()) return true;
    for (;;) {
        const auto end = text.find(':');
        const auto group = text.substr(0, end);
        const bool last = end == std::string_view::npos;
        if (last && may_end_in_v4 && group.find('.') != std::string_view::npos) {
            const auto v4 = read_v4(group);
            if (v4) into.insert(into.end(), v4->begin(), v4->end());
            return v4.has_value();
        }
        std::uint16_t value = 0;
        const auto* const stop = group.data() + group.size();
        const auto read = std::from_chars(group.data(), stop, value, 16);
        if (group.empty() || group.size() > 4 || read.ec != std::errc() || read.ptr != stop) return false;
        into.push_back(static_cast<std::uint8_t>(value >> 8));
        into.push_back(static_cast<std::uint8_t>(value & 0xff));
        if (last) return true;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::array<std::uint8_t, 16>> read_v6(std::string_view text) {
    constexpr std::size_t text_max = 45;  // eight full groups, the last two as a dotted quad
    if (text.size() > text_max) return std::nullopt;
    std::vector<std::uint8_t> front;
    std::vector<std::uint8_t> back;
    const auto gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (!read_groups(text, true, front) || front.size() != 16) return std::nullopt;
    } else {
        const auto after = text.substr(gap + 2);
        if (!read_groups(text.substr(0, gap), false, front) || !read_groups(after, true, back))
            return std::nullopt;
        if (front.size() + back.size() > 14) return std::nullopt;  // the gap is at least one group
    }
    std::array<std::uint8_t, 16> bytes{};
    std::copy(front.begin(), front.end(), bytes.begin());
    std::copy(back.begin(), back.end(), bytes.end() - static_cast<std::ptrdiff_t>(back.size()));
    return bytes;
}

/// The longest run of two or more zero groups, the first of equals: what RFC 5952 §4.2 writes as "::".
struct ZeroRun {
    std::size_t at = 8;  // no run
    std::size_t groups = 0;
};
ZeroRun longest_zero_run(const std::array<std::uint16_t, 8>& groups) {
    ZeroRun best;
    for (std::size_t at = 0; at < groups.size(); ++at) {
        std::size_t length = 0;
        while (at + length < groups.size() && groups[at + length] == 0) ++length;
        if (length >= 2 && length > best.groups) best = {at, length};
    }
    return best;
}

std::string write_v6(const std::array<std::uint8_t, 16>& bytes) {
    std::array<std::uint16_t, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i)
        groups[i] = static_cast<std::uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    const auto gap = longest_zero_run(groups);
    std::string text;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == gap.at) {
            text += "::";
            i += gap.groups - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        std::array<char, 4> digits{};
        text.append(digits.data(),
                    std::to_chars(digits.data(), digits.data() + digits.size(), groups[i], 16).ptr);
    }
    return text;
}

// IANA's special-purpose registries for v4 whole (also the few entries that are reachable from everywhere:
// nobody keeps pictures there), multicast, and what a large cloud uses inside although it was given out.
constexpr std::string_view not_public_v4[] = {
    "0.0.0.0/8",        // "this network"
    "10.0.0.0/8",       // private
    "100.64.0.0/10",    // shared by carriers; also where some clouds keep their metadata
    "127.0.0.0/8",      // loopback
    "168.63.129.16",    // Azure's own services inside a virtual machine
    "169.254.0.0/16",   // link-local, and most clouds' metadata
    "172.16.0.0/12",    // private
    "192.0.0.0/24",     // protocol assignments
    "192.0.2.0/24",     // documentation
    "192.31.196.0/24",  // AS112
    "192.52.193.0/24",  // AMT
    "192.88.99.0/24",   // 6to4 relays
    "192.168.0.0/16",   // private
    "192.175.48.0/24",  // AS112
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",   // documentation
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved, and broadcast
};

// Only 2000::/3 is given out as global unicast. All else is not public to begin with: unspecified, loopback,
// v4-mapped, -compatible and -translated, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 100::/64, 5f00::/16,
// fc00::/7, fe80::/10, ff00::/8.
constexpr std::string_view global_v6 = "2000::/3";
constexpr std::string_view not_public_v6[] = {
    "2001::/23",          // protocol assignments: Teredo, benchmarks, AMT, AS112, ORCHID, DRIP
    "2001:db8::/32",      // documentation
    "2002::/16",          // 6to4
    "2620:4f:8000::/48",  // AS112
    "3fff::/20",          // documentation
};

std::vector<IpNetwork> read_all(std::span<const std::string_view> texts) {
    std::vector<IpNetwork> networks;
    for (const auto text : texts) {
        const auto network = IpNetwork::parse(text);
        DR_CHECK(network);
        networks.push_back(*network);
    }
    return networks;
}

bool one_contains(const std::vector<IpNetwork>& networks, const IpAddress& address) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const auto& network) { return network.contains(address); });
}

/// ISATAP (RFC 5214 §6.1) hides a v4 address behind an interface id of 0000:5efe or 0200:5efe, in any prefix.
bool is_isatap(const std::array<std::uint8_t, 16>& bytes) {
    return (bytes[8] == 0 || bytes[8] == 2) && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& bytes) {
    IpAddress address;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    address.v4_ = false;
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.find(':') != std::string_view::npos) {
        const auto bytes = read_v6(text);
        return bytes ? std::optional(v6(*bytes)) : std::nullopt;
    }
    const auto bytes = read_v4(text);
    return bytes ? std::optional(v4(*bytes)) : std::nullopt;
}

std::string IpAddress::str() const {
    if (!v4_) return write_v6(bytes_);
    std::string text;
    for (std::size_t i = 0; i < 4; ++i) text += (i > 0 ? "." : "") + std::to_string(bytes_[i]);
    return text;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const int bits_max = address->is_v4() ? 32 : 128;
    IpNetwork network;
    network.first_ = *address;
    network.prefix_bits_ = bits_max;
    if (slash == std::string_view::npos) return network;
    const auto bits = read_decimal(text.substr(slash + 1), bits_max);
    if (!bits) return std::nullopt;
    network.prefix_bits_ = *bits;
    // 10.0.0.1/8 is a slip of the pen: the network may be meant, or that one address.
    for (int bit = *bits; bit < bits_max; ++bit) {
        if ((address->bytes()[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0)
            return std::nullopt;
    }
    return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
    if (address.is_v4() != first_.is_v4()) return false;
    const auto whole = static_cast<std::size_t>(prefix_bits_ / 8);
    const auto& ours = first_.bytes();
    const auto& theirs = address.bytes();
    if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin()))
        return false;
    const int rest = prefix_bits_ % 8;
    return rest == 0 || (ours[whole] ^ theirs[whole]) >> (8 - rest) == 0;
}

std::string IpNetwork::str() const {
    if (prefix_bits_ == (first_.is_v4() ? 32 : 128)) return first_.str();
    return first_.str() + "/" + std::to_string(prefix_bits_);
}

bool is_public(const IpAddress& address) {
    static const auto denied_v4 = read_all(not_public_v4);
    static const auto denied_v6 = read_all(not_public_v6);
    static const auto global = read_all(std::span(&global_v6, 1));
    if (address.is_v4()) return !one_contains(denied_v4, address);
    return one_contains(global, address) && !one_contains(denied_v6, address) && !is_isatap(address.bytes());
}

}  // namespace darkroom::core
