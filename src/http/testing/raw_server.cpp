#include "http/testing/raw_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>

#include "base/check.h"

namespace darkroom::http::testing {

RawServer::RawServer(std::function<void(int, int)> serve, const std::string& ip, std::uint16_t port)
    : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    DR_CHECK(::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) == 1);
    socklen_t bytes = sizeof address;
    DR_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), bytes) == 0);
    DR_CHECK(::listen(listener_.get(), 16) == 0);
    DR_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepting_.join();
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    for (auto& thread : serving_) thread.join();
    for (const int socket : sockets_) ::close(socket);
}

std::string RawServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

void RawServer::accept_all() {
    while (true) {
        const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const int number = ++accepted_;
        sockets_.push_back(socket);
        serving_.emplace_back([this, socket, number] {
            serve_(socket, number);
            ::shutdown(socket, SHUT_RDWR);
        });
    }
}

std::string read_request(int socket) {
    std::string request;
    std::array<char, 4'096> piece{};
    std::size_t wanted = std::string::npos;
    while (request.size() < wanted) {
        const auto got = ::recv(socket, piece.data(), piece.size(), 0);
        if (got <= 0) return {};
        request.append(piece.data(), std::size_t(got));
        const auto end = request.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        const auto length = request.find("Content-Length: ");
        wanted = end + 4 + (length < end ? std::size_t(std::atoll(request.c_str() + length + 16)) : 0);
    }
    return request;
}

void write_all(int socket, const std::string& bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto sent = ::send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) return;
        at += std::size_t(sent);
    }
}

void wait_for_close(int socket) {
    std::array<char, 4'096> piece{};
    while (::recv(socket, piece.data(), piece.size(), 0) > 0) {
    }
}

}  // namespace darkroom::http::testing
