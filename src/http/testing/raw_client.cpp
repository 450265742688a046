#include "http/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace darkroom::http::testing {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

sockaddr_in loopback(const std::string& address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &result.sin_addr);
    return result;
}

RawAnswer parse_head(std::string_view head) {
    RawAnswer answer;
    answer.status = head.size() > 12 ? std::atoi(std::string(head.substr(9, 3)).c_str()) : 0;
    auto line_end = head.find("\r\n");
    while (line_end != std::string_view::npos && line_end + 2 < head.size()) {
        head.remove_prefix(line_end + 2);
        line_end = head.find("\r\n");
        const auto line = head.substr(0, line_end);
        const auto colon = line.find(": ");
        if (colon != std::string_view::npos)
            answer.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    return answer;
}

}  // namespace

std::string RawAnswer::header(std::string_view name) const {
    for (const auto& [field, value] : headers) {
        if (same_name(field, name)) return value;
    }
    return {};
}

std::size_t RawAnswer::count(std::string_view name) const {
    return std::size_t(std::count_if(headers.begin(), headers.end(),
                                     [&](const auto& field) { return same_name(field.first, name); }));
}

RawClient::RawClient(std::uint16_t port, const std::string& source, int receive_buffer_bytes)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer_bytes > 0) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                     sizeof receive_buffer_bytes);
    }
    if (!source.empty()) {
        const auto from = loopback(source, 0);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
            return;  // not connected
    }
    const auto to = loopback("127.0.0.1", port);
    connected_ = ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(std::size_t(sent));
    }
    return true;
}

void RawClient::half_close() { ::shutdown(socket_.get(), SHUT_WR); }

void RawClient::reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.reset();
}

RawClient::Got RawClient::receive(Instant deadline, std::size_t bytes_max) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd poll_for{socket_.get(), POLLIN, 0};
    if (::poll(&poll_for, 1, int(std::max(left, Milliseconds(0)).count())) <= 0) return Got::nothing;
    std::string piece(bytes_max, '\0');
    const auto got = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (got <= 0) return Got::end;
    in_.append(piece, 0, std::size_t(got));
    return Got::bytes;
}

std::optional<std::string> RawClient::read_past(std::string_view text) {
    const auto until = deadline();
    std::size_t found = in_.find(text);
    while (found == std::string::npos) {
        if (receive(until) != Got::bytes) return std::nullopt;
        found = in_.find(text);
    }
    auto result = in_.substr(0, found + text.size());
    in_.erase(0, result.size());
    return result;
}

std::optional<RawAnswer> RawClient::read_head() {
    const auto head = read_past("\r\n\r\n");
    if (!head) return std::nullopt;
    return parse_head(*head);
}

std::optional<RawAnswer> RawClient::read_answer(bool to_head) {
    auto answer = read_head();
    if (!answer || to_head || answer->status < 200) return answer;
    const auto length = std::size_t(std::atoll(answer->header("Content-Length").c_str()));
    const auto until = deadline();
    while (in_.size() < length) {
        if (receive(until) != Got::bytes) return std::nullopt;
    }
    answer->body = in_.substr(0, length);
    in_.erase(0, length);
    return answer;
}

std::optional<std::string> RawClient::read_to_end() {
    const auto until = deadline();
    while (true) {
        const auto got = receive(until);
        if (got == Got::nothing) return std::nullopt;
        if (got == Got::end) return std::exchange(in_, {});
    }
}

bool RawClient::silent_for(Milliseconds quiet) {
    return in_.empty() && receive(std::chrono::steady_clock::now() + quiet) == Got::nothing;
}

std::size_t RawClient::read_some(std::size_t bytes) {
    if (in_.empty() && receive(deadline(), bytes) != Got::bytes) return 0;
    const auto taken = std::min(bytes, in_.size());
    in_.erase(0, taken);
    return taken;
}

}  // namespace darkroom::http::testing
