#include "http/curl_line.h"

#include <poll.h>

#include <algorithm>
#include <array>

namespace darkroom::http {
namespace {

using ports::WebSocketError;
using ports::WebSocketFailure;
using LineClock = std::chrono::steady_clock;

Milliseconds left_until(Instant deadline) {
    return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(deadline - LineClock::now()));
}

Failure<WebSocketFailure> lost(CURLcode code) {
    return Fail(WebSocketFailure{WebSocketError::lost, curl_easy_strerror(code)});
}

Failure<WebSocketFailure> was_stopped() { return Fail(WebSocketFailure{WebSocketError::stopped, "stopped"}); }

}  // namespace

Result<std::unique_ptr<CurlLine>, WebSocketFailure> CurlLine::open(const std::string& url, Instant deadline,
                                                                   int stop_fd) {
    ports::OutgoingRequest request;
    request.url = url;
    const auto read = read_outgoing_url(request);
    if (!read) return Fail(WebSocketFailure{WebSocketError::bad_request, read.error().detail});
    auto lane = CurlLane::make();
    if (!lane) return Fail(WebSocketFailure{WebSocketError::unreachable, "libcurl gives no handle"});
    std::unique_ptr<CurlLine> line(new CurlLine(std::move(lane), stop_fd));
    if (auto done = line->connect(url, read->is_loopback, deadline); !done) return Fail(done.error());
    return line;
}

Result<void, WebSocketFailure> CurlLine::connect(const std::string& url, bool is_loopback, Instant deadline) {
    auto* const curl = lane_->easy();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);  // a WebSocket begins with it
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (is_loopback) curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     long(std::max<std::int64_t>(left_until(deadline).count(), 1)));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
    lane_->begin();
    auto result = lane_->step();
    while (!result) {
        if (is_stopped()) return was_stopped();
        const auto left = left_until(deadline);
        if (left == Milliseconds(0))
            return Fail(WebSocketFailure{WebSocketError::unreachable, "not connected in time"});
        lane_->wait(left, stop_fd_);
        result = lane_->step();
    }
    // Not the text of the error buffer: that of a proxy may hold its password.
    if (*result != CURLE_OK)
        return Fail(WebSocketFailure{WebSocketError::unreachable, curl_easy_strerror(*result)});
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket);
    if (socket == CURL_SOCKET_BAD) return lost(CURLE_GOT_NOTHING);
    socket_ = socket;
    return {};
}

bool CurlLine::is_stopped() const {
    if (stop_fd_ < 0) return false;
    pollfd stop{stop_fd_, POLLIN, 0};
    return ::poll(&stop, 1, 0) > 0;
}

bool CurlLine::wait_for(short events, Instant deadline) const {
    std::array<pollfd, 2> watched{pollfd{socket_, events, 0}, pollfd{stop_fd_, POLLIN, 0}};  // -1 is skipped
    const auto left = std::min<std::int64_t>(left_until(deadline).count(), 60'000);
    return ::poll(watched.data(), watched.size(), int(left)) > 0 && watched[0].revents != 0;
}

Result<std::size_t, WebSocketFailure> CurlLine::read(std::span<char> buffer, Instant deadline) {
    for (;;) {
        if (is_stopped()) return was_stopped();
        std::size_t got = 0;
        // Asked before waiting: TLS may hold bytes that the socket does not show any more.
        const auto code = curl_easy_recv(lane_->easy(), buffer.data(), buffer.size(), &got);
        if (code == CURLE_OK && got == 0)
            return Fail(WebSocketFailure{WebSocketError::lost, "the other side has closed"});
        if (code == CURLE_OK) return got;
        if (code != CURLE_AGAIN) return lost(code);
        if (left_until(deadline) == Milliseconds(0)) return std::size_t{0};
        (void)wait_for(POLLIN, deadline);
    }
}

Result<void, WebSocketFailure> CurlLine::write(std::string_view bytes, Instant deadline) {
    while (!bytes.empty()) {
        std::size_t sent = 0;
        const auto code = curl_easy_send(lane_->easy(), bytes.data(), bytes.size(), &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN) return lost(code);
        bytes.remove_prefix(code == CURLE_OK ? sent : 0);
        if (bytes.empty()) break;
        if (is_stopped()) return was_stopped();
        if (left_until(deadline) == Milliseconds(0)) return lost(CURLE_OPERATION_TIMEDOUT);
        (void)wait_for(POLLOUT, deadline);
    }
    return {};
}

}  // namespace darkroom::http
