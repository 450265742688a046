// Which hosts Darkroom may be asked to fetch pictures from: the whole public Internet by https, and what the
// operator allows besides. Pure; what a name means is looked up by intake, once, and every address of it is
// put to refuse_address().
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/input_url.h"
#include "core/ip_address.h"

namespace darkroom::core {

/// A name or address exactly as an InputUrl has it; without a port it stands for all of them.
struct HostPort {
    std::string host;
    std::optional<std::uint16_t> port;
    bool operator==(const HostPort&) const = default;
};

struct InputUrlRules {
    // What the operator allows may be private, and may be reached by http and at any port.
    std::vector<IpNetwork> networks;
    std::vector<HostPort> hosts;
    bool http = false;  // public hosts may be reached by http, at port 80, too
    // This server itself, which could be talked into trusting itself: never asked unless the operator allows
    // the name by `hosts`, or the address by `networks`.
    std::vector<std::string> own_names;
    std::vector<IpAddress> own_addresses;
};

/// Reads DARKROOM_INPUT_URL_ALLOW: networks, addresses, host names and host:port, separated by commas. The
/// error is one sentence for each entry that is none of these.
Result<InputUrlRules, std::vector<std::string>> parse_input_url_allow(std::string_view text);

/// Why this URL must not be asked, whatever its host means today; nullopt = look at its addresses. The
/// sentence is for the client and tells nothing about the operator's network.
std::optional<std::string> refuse_url(const InputUrl& url, const InputUrlRules& rules);

/// Why `address`, which the URL's host stands for, must not be connected to; nullopt = it may be.
std::optional<std::string> refuse_address(const InputUrl& url, const IpAddress& address,
                                          const InputUrlRules& rules);

}  // namespace darkroom::core
