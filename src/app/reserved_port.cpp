#include "app/reserved_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace darkroom::app {
namespace {

struct Address {
    sockaddr_storage bytes{};
    socklen_t length = 0;
};

std::optional<Address> parse_address(const std::string& text) {
    Address address;
    in6_addr v6{};
    in_addr v4{};
    if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
        sockaddr_in6 socket{};
        socket.sin6_family = AF_INET6;
        socket.sin6_addr = v6;
        std::memcpy(&address.bytes, &socket, address.length = sizeof(socket));
        return address;
    }
    const std::string name = text == "localhost" ? "127.0.0.1" : text;
    if (::inet_pton(AF_INET, name.c_str(), &v4) != 1) return std::nullopt;
    sockaddr_in socket{};
    socket.sin_family = AF_INET;
    socket.sin_addr = v4;
    std::memcpy(&address.bytes, &socket, address.length = sizeof(socket));
    return address;
}

std::uint16_t port_of(const sockaddr_storage& bytes) {
    if (bytes.ss_family == AF_INET6) {
        sockaddr_in6 socket{};
        std::memcpy(&socket, &bytes, sizeof(socket));
        return ntohs(socket.sin6_port);
    }
    sockaddr_in socket{};
    std::memcpy(&socket, &bytes, sizeof(socket));
    return ntohs(socket.sin_port);
}

}  // namespace

std::optional<ReservedPort> ReservedPort::draw(const std::string& address) {
    auto at = parse_address(address);
    if (!at) return std::nullopt;
    UniqueFd socket(::socket(at->bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return std::nullopt;
    const int on = 1;
    auto* const bytes = reinterpret_cast<sockaddr*>(&at->bytes);
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        ::bind(socket.get(), bytes, at->length) != 0 || ::getsockname(socket.get(), bytes, &at->length) != 0)
        return std::nullopt;
    const auto port = port_of(at->bytes);
    return ReservedPort(std::move(socket), port);
}

}  // namespace darkroom::app
