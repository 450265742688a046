#include "http/outgoing_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace darkroom::http {
namespace {

using ports::FetchError;
using ports::FetchFailure;

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

bool is_loopback_name(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host == "::1" || host.substr(0, 4) == "127.";
}

// "::address:" stands for any host and port of the URL, and the port of the URL. CONNECT_TO rather than
// RESOLVE, because connections are then told apart by the pin: a request is never sent over a warm connection
// to the same name that somebody opened to another address.
std::optional<std::string> connect_to(const std::string& address) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    if (::inet_pton(AF_INET, address.c_str(), ignored.data()) == 1) return "::" + address + ":";
    if (::inet_pton(AF_INET6, address.c_str(), ignored.data()) == 1) return "::[" + address + "]:";
    return std::nullopt;
}

}  // namespace

bool holds_control_bytes(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

Result<OutgoingUrl, FetchFailure> read_outgoing_url(const ports::OutgoingRequest& request) {
    const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
    if (holds_control_bytes(request.url) ||
        curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) {
        return Fail(FetchFailure{FetchError::bad_url, "the URL cannot be read"});
    }
    const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
    const auto host = part_of(url.get(), CURLUPART_HOST);
    const auto port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!scheme || !host || !port || (*scheme != "http" && *scheme != "https")) {
        return Fail(FetchFailure{FetchError::bad_url, "the URL is not http or https"});
    }
    OutgoingUrl read;
    read.is_loopback = is_loopback_name(*host);
    if (!request.connect_address.empty()) {
        const auto pin = connect_to(request.connect_address);
        if (!pin)
            return Fail(FetchFailure{FetchError::bad_url, "the address to connect to is no IP address"});
        read.connect_to = *pin;
    }
    read.origin.append(*scheme).append("://").append(*host).append(":").append(*port);
    read.origin.append(" ").append(request.connect_address);
    for (const auto part : {CURLUPART_PATH, CURLUPART_QUERY, CURLUPART_PASSWORD}) {
        auto secret = part_of(url.get(), part);
        if (secret && !secret->empty() && *secret != "/") read.secrets.push_back(std::move(*secret));
    }
    return read;
}

bool tells_secret(std::string_view text, const OutgoingUrl& url) {
    return std::any_of(url.secrets.begin(), url.secrets.end(), [&](const std::string& secret) {
        return text.find(secret) != std::string_view::npos;
    });
}

}  // namespace darkroom::http
