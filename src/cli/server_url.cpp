#include "cli/server_url.h"

namespace darkroom::cli {
namespace {

bool is_url_text(std::string_view text) {
    for (const char c : text) {
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`')
            return false;
    }
    return true;
}

/// Bytes of "http://" or "https://", 0 for anything else.
std::size_t scheme_length(std::string_view url) {
    const auto begins = [&](std::string_view scheme) {
        if (url.size() < scheme.size()) return false;
        for (std::size_t i = 0; i < scheme.size(); ++i) {
            const char c = url[i] >= 'A' && url[i] <= 'Z' ? static_cast<char>(url[i] - 'A' + 'a') : url[i];
            if (c != scheme[i]) return false;
        }
        return true;
    };
    return begins("https://") ? 8 : begins("http://") ? 7 : 0;
}

std::string_view origin(std::string_view url) {
    return url.substr(0, url.find_first_of("/?#", scheme_length(url)));
}

}  // namespace

std::optional<std::string> normal_server_url(std::string_view text) {
    const auto scheme = scheme_length(text);
    if (scheme == 0 || !is_url_text(text) || text.find_first_of("?#@") != std::string_view::npos)
        return std::nullopt;
    while (text.ends_with('/')) text.remove_suffix(1);
    if (text.size() <= scheme || text[scheme] == ':' || text[scheme] == '/') return std::nullopt;
    return std::string(text);
}

std::optional<std::string> resolve_link(std::string_view server_url, std::string_view link) {
    if (link.empty() || !is_url_text(link)) return std::nullopt;
    if (scheme_length(link) > 0) return std::string(link);
    if (link.starts_with("//")) return std::nullopt;
    if (link.front() == '/') return std::string(origin(server_url)) + std::string(link);
    if (link.substr(0, link.find_first_of("/?#")).find(':') != std::string_view::npos) return std::nullopt;
    return std::string(server_url) + "/" + std::string(link);
}

bool is_loopback(std::string_view server_url) {
    auto host = origin(server_url);
    host.remove_prefix(std::min(scheme_length(server_url), host.size()));
    if (const auto at = host.find('@'); at != std::string_view::npos) return false;
    if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
    host = host.substr(0, host.find(':'));
    if (host == "localhost") return true;
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace darkroom::cli
