// A URL that a client gives for a picture, or that a server redirects to, read by the one parser that counts.
// Where two programs read a URL differently, the guard checks one host and the client asks another
// (RFC 3986 §7.6): so nothing is read here that anybody could read in two ways.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/ip_address.h"

namespace darkroom::core {

inline constexpr std::size_t input_url_bytes_max = 4'096;

struct InputUrl {
    bool https = true;
    std::string host;                  // lower case; a v6 address without its brackets
    std::optional<IpAddress> address;  // set where the host is an address and no name
    std::uint16_t port = 443;
    std::string target;  // path and query, beginning with a slash; as sent

    /// The same in the one way to write it; the port only where it is not the scheme's own.
    /// Its query may hold a signature: not for answers or logs.
    std::string str() const;
    bool operator==(const InputUrl&) const = default;
};

/// http(s)://host[:port][/path][?query], and the host is a DNS name in ASCII or an address in its canonical
/// form. No user, no fragment, no empty or leading-zero port, no backslash, no byte outside visible ASCII, no
/// percent-encoding but in the target. The error is a sentence for the client.
Result<InputUrl, std::string> parse_input_url(std::string_view text);

/// Where a Location header leads that `from` answered with: an absolute, a protocol-relative (//host/…), or a
/// relative reference. The error is a sentence for the client.
Result<InputUrl, std::string> follow_location(const InputUrl& from, std::string_view location);

/// A name as DNS has it, lower case, or nullopt: labels of letters, digits, hyphens and underscores, the last
/// one beginning with a letter (so that no way to write an address is taken for a name), no dot at the end.
std::optional<std::string> read_host_name(std::string_view text);
/// 1 to 65535 without leading zeros.
std::optional<std::uint16_t> read_port(std::string_view text);

}  // namespace darkroom::core
