#include "core/input_url.h"

#include <algorithm>

namespace darkroom::core {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string lower(std::string_view text) {
    std::string result(text);
    for (auto& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

std::uint16_t own_port(bool https) { return https ? 443 : 80; }

/// The scheme of an absolute reference in lower case, "" if there is none (RFC 3986 §3.1).
std::string scheme_of(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == npos || colon == 0 || !is_letter(text.front())) return "";
    const auto scheme = text.substr(0, colon);
    const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
    return valid ? lower(scheme) : "";
}

/// What is wrong with any byte of it, before its parts are looked at.
std::optional<std::string> refuse_bytes(std::string_view text) {
    if (text.empty()) return "The URL is empty.";
    if (text.size() > input_url_bytes_max)
        return "The URL is longer than " + std::to_string(input_url_bytes_max) + " bytes.";
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }))
        return "The URL holds a space, a control character or a character outside ASCII; "
               "percent-encode it in the path, and write the host as its xn-- name.";
    if (text.find('\\') != npos) return "The URL holds a backslash.";
    if (text.find('#') != npos) return "The URL has a fragment (#), which is never sent to a server.";
    return std::nullopt;
}

/// RFC 3986's characters of a path and a query, and the three that many servers write without encoding them.
std::optional<std::string> refuse_target(std::string_view target) {
    constexpr std::string_view plain = "-._~!$&'()*+,;=:@/?[]|";
    for (std::size_t i = 0; i < target.size(); ++i) {
        const char c = target[i];
        if (is_letter(c) || is_digit(c) || plain.find(c) != npos) continue;
        if (c == '%' && i + 2 < target.size() && is_hex(target[i + 1]) && is_hex(target[i + 2])) continue;
        return "The path or query of the URL holds a character that must be percent-encoded.";
    }
    return std::nullopt;
}

/// Fills host and address; false if it is neither a name nor an address in its canonical form.
bool read_host(std::string_view text, InputUrl& into) {
    if (!text.empty() && text.front() == '[') {
        if (text.back() != ']') return false;
        text = text.substr(1, text.size() - 2);
        const auto address = IpAddress::parse(text);
        if (!address || address->is_v4() || address->str() != text) return false;
        into.host = text;
        into.address = address;
        return true;
    }
    if (const auto address = IpAddress::parse(text)) {
        if (!address->is_v4()) return false;  // a colon without brackets
        into.host = text;
        into.address = address;
        return true;
    }
    auto name = read_host_name(text);
    if (!name) return false;
    into.host = *std::move(name);
    return true;
}

/// `text` from behind the // on.
Result<InputUrl, std::string> read_authority_and_target(bool https, std::string_view text) {
    const auto end = std::min(text.find_first_of("/?"), text.size());
    auto authority = text.substr(0, end);
    if (authority.find('@') != npos) return Fail(std::string("The URL has a user name or password."));
    InputUrl url;
    url.https = https;
    url.port = own_port(https);
    const auto bracket = authority.rfind(']');
    const auto colon = authority.find(':', bracket == npos ? 0 : bracket);
    if (colon != npos) {
        const auto port = read_port(authority.substr(colon + 1));
        if (!port) return Fail(std::string("The port of the URL is not a number from 1 to 65535."));
        url.port = *port;
        authority = authority.substr(0, colon);
    }
    if (!read_host(authority, url)) {
        return Fail(
            std::string("The host of the URL is neither a DNS name nor an IP address in its usual "
                        "form."));
    }
    url.target = text.substr(end);
    if (url.target.empty() || url.target.front() != '/') url.target.insert(0, 1, '/');
    if (auto refused = refuse_target(url.target)) return Fail(*std::move(refused));
    return url;
}

/// RFC 3986 §5.2.4 for a path that begins with a slash.
std::string remove_dot_segments(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const auto end = std::min(path.find('/', 1), path.size());
        const auto segment = path.substr(0, end);
        path.remove_prefix(end);
        const bool up = segment == "/..";
        if (up) result.resize(std::min(result.rfind('/'), result.size()));
        if (!up && segment != "/.") result += segment;
        if (path.empty() && (up || segment == "/.")) result += '/';
    }
    return result;
}

/// RFC 3986 §5.2.2 for a reference without scheme and authority.
std::string merge_target(std::string_view base, std::string_view reference) {
    const auto base_path = base.substr(0, base.find('?'));
    const auto question = reference.find('?');
    const auto path = reference.substr(0, question);
    const auto query = question == npos ? std::string_view{} : reference.substr(question);
    if (path.empty()) return std::string(base_path).append(query);
    if (path.front() == '/') return remove_dot_segments(path).append(query);
    auto merged = std::string(base_path.substr(0, base_path.rfind('/') + 1)).append(path);
    return remove_dot_segments(merged).append(query);
}

}  // namespace

std::string InputUrl::str() const {
    std::string text = https ? "https://" : "http://";
    text += address && !address->is_v4() ? "[" + host + "]" : host;
    if (port != own_port(https)) text += ":" + std::to_string(port);
    return text + target;
}

Result<InputUrl, std::string> parse_input_url(std::string_view text) {
    if (auto refused = refuse_bytes(text)) return Fail(*std::move(refused));
    const auto scheme = scheme_of(text);
    if (scheme != "http" && scheme != "https")
        return Fail(std::string("The URL does not begin with https://."));
    text.remove_prefix(scheme.size() + 1);
    if (text.substr(0, 2) != "//") return Fail(std::string("The URL does not begin with https://."));
    return read_authority_and_target(scheme == "https", text.substr(2));
}

Result<InputUrl, std::string> follow_location(const InputUrl& from, std::string_view location) {
    if (auto refused = refuse_bytes(location)) return Fail(*std::move(refused));
    if (!scheme_of(location).empty()) return parse_input_url(location);
    if (location.substr(0, 2) == "//") return read_authority_and_target(from.https, location.substr(2));
    auto url = from;
    url.target = merge_target(from.target, location);
    if (auto refused = refuse_target(url.target)) return Fail(*std::move(refused));
    if (url.str().size() > input_url_bytes_max) return Fail(std::string("The URL is too long."));
    return url;
}

std::optional<std::string> read_host_name(std::string_view text) {
    constexpr std::size_t name_max = 253;
    constexpr std::size_t label_max = 63;
    if (text.empty() || text.size() > name_max) return std::nullopt;
    for (auto rest = text;;) {
        const auto end = rest.find('.');
        const auto label = rest.substr(0, end);
        if (label.empty() || label.size() > label_max || label.front() == '-' || label.back() == '-')
            return std::nullopt;
        if (!std::all_of(label.begin(), label.end(),
                         [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }))
            return std::nullopt;
        if (end == npos) return is_letter(label.front()) ? std::optional(lower(text)) : std::nullopt;
        rest.remove_prefix(end + 1);
    }
}

std::optional<std::uint16_t> read_port(std::string_view text) {
    constexpr std::uint32_t port_max = 65'535;
    if (text.empty() || text.size() > 5 || text.front() == '0') return std::nullopt;
    std::uint32_t port = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return port <= port_max ? std::optional(static_cast<std::uint16_t>(port)) : std::nullopt;
}

}  // namespace darkroom::core
