// The URL of an outgoing request, read once before libcurl is told about it: what may be asked of it, which
// warm connection fits it, and what of it must never reach a log.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/http_client.h"

namespace darkroom::http {

struct OutgoingUrl {
    /// Scheme, host, port and pinned address: requests of one origin can share a connection.
    std::string origin;
    /// In the form of CURLOPT_CONNECT_TO; empty = the host is resolved.
    std::string connect_to;
    bool is_loopback = false;
    /// Path, query and password: presigned URLs and tokens are secrets.
    std::vector<std::string> secrets;
};

/// Fails with bad_url for what is not http or https, cannot be read, or is pinned to what is no IP address.
Result<OutgoingUrl, ports::FetchFailure> read_outgoing_url(const ports::OutgoingRequest& request);

/// True if the text says something of the URL that only the two ends of the request should know.
bool tells_secret(std::string_view text, const OutgoingUrl& url);

/// True if the text would break out of a line.
bool holds_control_bytes(std::string_view text);

}  // namespace darkroom::http
