#include "core/input_url_rules.h"

#include <algorithm>
#include <array>

namespace darkroom::core {
namespace {

constexpr auto npos = std::string_view::npos;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const auto first = text.find_first_not_of(blank);
    if (first == npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// Names that mean something inside a network only: RFC 6761, 6762, 7686, 8375, ICANN's .internal, what
/// container platforms and home routers make up. A name of one label is one of them too.
bool is_local_name(const std::string& host) {
    static constexpr std::array<std::string_view, 16> endings{
        "localhost", "localdomain", "local", "internal", "intranet", "private", "corp",    "home",
        "lan",       "arpa",        "onion", "svc",      "invalid",  "consul",  "cluster", "workgroup"};
    const auto dot = host.rfind('.');
    if (dot == std::string::npos) return true;
    return std::find(endings.begin(), endings.end(), std::string_view(host).substr(dot + 1)) != endings.end();
}

bool host_is_allowed(const InputUrl& url, const InputUrlRules& rules) {
    return std::any_of(rules.hosts.begin(), rules.hosts.end(), [&](const HostPort& allowed) {
        return allowed.host == url.host && (!allowed.port || *allowed.port == url.port);
    });
}

std::optional<std::string> refuse_way(const InputUrl& url, const InputUrlRules& rules) {
    if (!url.https && !rules.http) return "The URL does not begin with https://.";
    if (url.port != (url.https ? 443 : 80)) return "The URL has a port that is not allowed.";
    return std::nullopt;
}

std::string itself() { return "The URL leads back to this server."; }

std::optional<HostPort> read_host_port(std::string_view entry) {
    HostPort allowed;
    const auto bracket = entry.rfind(']');
    const auto colon = entry.find(':', bracket == npos ? 0 : bracket);
    if (colon != npos) {
        allowed.port = read_port(entry.substr(colon + 1));
        if (!allowed.port) return std::nullopt;
        entry = entry.substr(0, colon);
    }
    if (entry.size() > 2 && entry.front() == '[' && entry.back() == ']') {
        const auto address = IpAddress::parse(entry.substr(1, entry.size() - 2));
        if (!address || address->is_v4()) return std::nullopt;
        allowed.host = address->str();
        return allowed;
    }
    if (const auto address = IpAddress::parse(entry)) {
        allowed.host = address->str();
        return allowed;
    }
    const auto name = read_host_name(entry);
    if (!name) return std::nullopt;
    allowed.host = *name;
    return allowed;
}

}  // namespace

Result<InputUrlRules, std::vector<std::string>> parse_input_url_allow(std::string_view text) {
    InputUrlRules rules;
    std::vector<std::string> problems;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        const auto entry = trimmed(text.substr(0, comma));
        more = comma != npos;
        if (more) text.remove_prefix(comma + 1);
        if (entry.empty()) continue;
        if (const auto network = IpNetwork::parse(entry)) {
            rules.networks.push_back(*network);
        } else if (auto host = read_host_port(entry)) {
            rules.hosts.push_back(*std::move(host));
        } else {
            problems.push_back("\"" + std::string(entry) +
                               "\" is not a network (10.0.0.0/8), an address, a host name or host:port.");
        }
    }
    if (!problems.empty()) return Fail(std::move(problems));
    return rules;
}

std::optional<std::string> refuse_url(const InputUrl& url, const InputUrlRules& rules) {
    if (host_is_allowed(url, rules)) return std::nullopt;
    if (url.address) return refuse_address(url, *url.address, rules);
    if (std::find(rules.own_names.begin(), rules.own_names.end(), url.host) != rules.own_names.end())
        return itself();
    if (is_local_name(url.host)) return "The host of the URL is not a name of the public Internet.";
    // With allowed networks, only the addresses tell whether http or this port is.
    return rules.networks.empty() ? refuse_way(url, rules) : std::nullopt;
}

std::optional<std::string> refuse_address(const InputUrl& url, const IpAddress& address,
                                          const InputUrlRules& rules) {
    if (host_is_allowed(url, rules)) return std::nullopt;
    for (const auto& network : rules.networks) {
        if (network.contains(address)) return std::nullopt;
    }
    if (!is_public(address)) return "The host of the URL is not on the public Internet.";
    if (std::find(rules.own_addresses.begin(), rules.own_addresses.end(), address) !=
        rules.own_addresses.end())
        return itself();
    return refuse_way(url, rules);
}

}  // namespace darkroom::core
