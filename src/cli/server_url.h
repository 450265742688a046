// Addresses of a gateway and of what it links to. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::cli {

/// http(s)://host[:port][/path] without a slash at the end; nothing for anything else (user info, query,
/// blanks …).
std::optional<std::string> normal_server_url(std::string_view text);

/// Where a link in an answer of `server_url` leads: absolute http(s) as it is, "/path" on the same host,
/// "path" below the server's own. Nothing for other schemes and for characters that do not belong into a URL.
std::optional<std::string> resolve_link(std::string_view server_url, std::string_view link);

/// 127.0.0.0/8, ::1 or localhost: what is sent there does not leave this machine.
bool is_loopback(std::string_view server_url);

}  // namespace darkroom::cli
