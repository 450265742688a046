#include "http/curl_web_socket.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "base/chance.h"
#include "http/curl_line.h"
#include "http/web_socket_frames.h"

namespace darkroom::http {
namespace {

using ports::WebSocketError;
using ports::WebSocketFailure;
using ports::WebSocketMessage;
using ports::WebSocketRequest;
using PingClock = std::chrono::steady_clock;

constexpr std::size_t answer_head_bytes_max = 16u << 10;
constexpr std::size_t read_bytes = 64u << 10;
constexpr Milliseconds send_limit{5'000};  // of a few bytes
constexpr int pings_unanswered_max = 2;

template <std::size_t Size>
std::array<std::uint8_t, Size> random_bytes() {
    std::array<std::uint8_t, Size> bytes{};
    fill_with_chance(bytes);
    return bytes;
}

struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};
struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string piece_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, FreeText> owned(text);
    return text;
}

// What the request line and Host need of a URL that curl_line has taken.
struct Destination {
    std::string host;
    std::string target;
};
Destination destination_of(const std::string& url) {
    const std::unique_ptr<CURLU, FreeUrl> parts(curl_url());
    curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0);
    Destination to{piece_of(parts.get(), CURLUPART_HOST), piece_of(parts.get(), CURLUPART_PATH)};
    const auto port = piece_of(parts.get(), CURLUPART_PORT);
    const auto query = piece_of(parts.get(), CURLUPART_QUERY);
    if (!port.empty()) to.host += ":" + port;
    if (!query.empty()) to.target += "?" + query;
    return to;
}

// nullopt for what is neither ws:// nor wss://.
std::optional<std::string> as_http(const std::string& url) {
    if (url.starts_with("ws://") || url.starts_with("wss://")) return "http" + url.substr(2);
    return std::nullopt;
}

bool can_be_sent(const ports::HttpFields& headers) {
    return std::none_of(headers.begin(), headers.end(), [](const auto& field) {
        return field.first.empty() || field.first.find_first_of(": ") != std::string::npos ||
               holds_control_bytes(field.first) || holds_control_bytes(field.second);
    });
}

class CurlWebSocket final : public ports::WebSocket {
public:
    CurlWebSocket(std::unique_ptr<CurlLine> line, const WebSocketRequest& request)
        : line_(std::move(line)),
          reader_(request.message_bytes_max),
          ping_period_(request.ping_period),
          next_ping_(PingClock::now() + ping_period_) {}

    Result<void, WebSocketFailure> shake_hands(const std::string& url, const ports::HttpFields& headers,
                                               Instant deadline);
    Result<std::optional<WebSocketMessage>, WebSocketFailure> receive(Milliseconds at_most) override;
    void close(Milliseconds at_most) override;

private:
    /// The next message that is here whole; nullopt if there is none.
    Result<std::optional<WebSocketMessage>, WebSocketFailure> take_frames();
    Result<void, WebSocketFailure> send(FrameKind kind, std::string_view payload);
    Result<void, WebSocketFailure> ping_if_due();

    std::unique_ptr<CurlLine> line_;
    FrameReader reader_;
    const Milliseconds ping_period_;
    Instant next_ping_;
    int unanswered_ = 0;
    std::string buffer_ = std::string(read_bytes, '\0');
};

Result<void, WebSocketFailure> CurlWebSocket::shake_hands(const std::string& url,
                                                          const ports::HttpFields& headers,
                                                          Instant deadline) {
    const auto key = web_socket_key(random_bytes<16>());
    const auto to = destination_of(url);
    if (auto sent = line_->write(upgrade_request(to.host, to.target, key, headers), deadline); !sent)
        return sent;
    std::string answer;
    for (;;) {
        const auto got = line_->read(buffer_, deadline);
        if (!got) return Fail(got.error());
        if (*got == 0) return Fail(WebSocketFailure{WebSocketError::unreachable, "no answer in time"});
        answer.append(buffer_, 0, *got);
        const auto end = answer.find("\r\n\r\n");
        const bool is_whole = end != std::string::npos;
        if ((is_whole && !opens_web_socket(std::string_view(answer).substr(0, end), key)) ||
            (!is_whole && answer.size() > answer_head_bytes_max))
            return Fail(WebSocketFailure{WebSocketError::refused, "the answer opens no WebSocket"});
        if (!is_whole) continue;
        reader_.feed(std::string_view(answer).substr(end + 4));
        return {};
    }
}

Result<void, WebSocketFailure> CurlWebSocket::send(FrameKind kind, std::string_view payload) {
    return line_->write(control_frame(kind, payload, random_bytes<4>()), PingClock::now() + send_limit);
}

Result<void, WebSocketFailure> CurlWebSocket::ping_if_due() {
    const auto now = PingClock::now();
    if (now < next_ping_) return {};
    if (unanswered_ == pings_unanswered_max)
        return Fail(WebSocketFailure{WebSocketError::lost, "pings are not answered"});
    next_ping_ = now + ping_period_;
    ++unanswered_;
    return send(FrameKind::ping, "");
}

Result<std::optional<WebSocketMessage>, WebSocketFailure> CurlWebSocket::take_frames() {
    for (;;) {
        auto frame = reader_.next();
        switch (frame.kind) {
            case FrameKind::need_more:
                return std::optional<WebSocketMessage>();
            case FrameKind::text:
            case FrameKind::binary:
                return std::optional(WebSocketMessage{frame.kind == FrameKind::text, std::move(frame.bytes)});
            case FrameKind::ping:
                if (auto sent = send(FrameKind::pong, frame.bytes); !sent) return Fail(sent.error());
                break;
            case FrameKind::pong:
                unanswered_ = 0;
                break;
            case FrameKind::close:
                return Fail(WebSocketFailure{WebSocketError::lost, "the other side said farewell"});
            case FrameKind::broken:
                return Fail(WebSocketFailure{WebSocketError::unreadable, "no frame of a WebSocket"});
            case FrameKind::too_large:
                return Fail(WebSocketFailure{WebSocketError::too_large, "a message is too large"});
        }
    }
}

Result<std::optional<WebSocketMessage>, WebSocketFailure> CurlWebSocket::receive(Milliseconds at_most) {
    const auto deadline = PingClock::now() + at_most;
    for (;;) {
        auto message = take_frames();
        if (!message || *message) return message;
        if (auto pinged = ping_if_due(); !pinged) return Fail(pinged.error());
        const auto got = line_->read(buffer_, std::min(deadline, next_ping_));
        if (!got) return Fail(got.error());
        reader_.feed(std::string_view(buffer_).substr(0, *got));
        if (PingClock::now() >= deadline) return take_frames();
    }
}

void CurlWebSocket::close(Milliseconds at_most) {
    const auto deadline = PingClock::now() + at_most;
    if (!send(FrameKind::close, std::string_view("\x03\xe8", 2))) return;
    while (PingClock::now() < deadline) {
        if (!line_->read(buffer_, deadline)) return;
    }
}

}  // namespace

Result<std::unique_ptr<ports::WebSocket>, WebSocketFailure> CurlWebSockets::open(
    const WebSocketRequest& request) {
    const auto url = as_http(request.url);
    if (!url || !can_be_sent(request.headers))
        return Fail(WebSocketFailure{WebSocketError::bad_request, "the address or a header cannot be sent"});
    const auto deadline = PingClock::now() + request.connect_timeout;
    auto line = CurlLine::open(*url, deadline, request.stop_fd);
    if (!line) return Fail(line.error());
    auto socket = std::make_unique<CurlWebSocket>(std::move(line).value(), request);
    if (auto shaken = socket->shake_hands(*url, request.headers, deadline); !shaken)
        return Fail(shaken.error());
    return std::unique_ptr<ports::WebSocket>(std::move(socket));
}

}  // namespace darkroom::http
