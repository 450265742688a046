#include "bench/gateway/http_talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>

namespace darkroom::bench {
namespace {

constexpr timeval patience{30, 0};

int number_after(std::string_view text, std::string_view name) {
    const auto at = text.find(name);
    if (at == std::string_view::npos) return 0;
    int value = 0;
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
    return value;
}

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

std::string request_text(std::string_view method, std::string_view target, std::string_view header_lines,
                         std::string_view body) {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    text.append(header_lines);
    if (!body.empty() || method == "POST" || method == "PUT")
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    return text.append("\r\n").append(body);
}

// The field names are spelled as the server spells them; this is no client for strangers.
std::optional<AnswerFrame> find_answer(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto head = bytes.substr(0, end + 2);
    AnswerFrame frame;
    frame.head_bytes = end + 4;
    frame.status = number_after(head, "HTTP/1.1 ");
    frame.bytes = frame.head_bytes + static_cast<std::size_t>(number_after(head, "\r\nContent-Length: "));
    frame.closes = head.find("\r\nConnection: close\r\n") != std::string_view::npos;
    if (bytes.size() < frame.bytes) return std::nullopt;
    return frame;
}

UniqueFd connect_here(std::uint16_t port) {
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        socket.reset();
    return socket;
}

std::optional<HttpAnswer> HttpTalk::ask(const std::string& request) {
    const bool kept = static_cast<bool>(socket_);
    auto answer = ask_once(request);
    // The server may close a kept connection at any moment; that is no answer, and asking again is right.
    if (!answer && kept) answer = ask_once(request);
    return answer;
}

std::optional<HttpAnswer> HttpTalk::ask_once(const std::string& request) {
    if (!socket_) socket_ = connect_here(port_);
    if (!socket_ || !send_all(socket_.get(), request)) {
        socket_.reset();
        return std::nullopt;
    }
    std::string in;
    std::array<char, 16'384> piece{};
    for (;;) {
        if (const auto frame = find_answer(in)) {
            if (frame->closes) socket_.reset();
            return HttpAnswer{frame->status, in.substr(frame->head_bytes, frame->bytes - frame->head_bytes)};
        }
        const auto got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
        if (got <= 0) {
            socket_.reset();
            return std::nullopt;
        }
        in.append(piece.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace darkroom::bench
