#include "tests/integration/canaries.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include "base/check.h"

namespace darkroom::testing {
namespace {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
};

std::optional<SocketAddress> socket_address(const std::string& text, std::uint16_t port) {
    SocketAddress address;
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.bytes = sizeof *v4;
        return address;
    }
    if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) != 1) return std::nullopt;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.bytes = sizeof *v6;
    return address;
}

/// Link-local v6 addresses need a zone and are left out.
std::set<std::string> interface_addresses() {
    std::set<std::string> addresses;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return addresses;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        char text[INET6_ADDRSTRLEN] = "";
        if (entry->ifa_addr == nullptr) continue;
        if (entry->ifa_addr->sa_family == AF_INET) {
            const auto* const v4 = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
            ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        } else if (entry->ifa_addr->sa_family == AF_INET6) {
            const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
            if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) continue;
            ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        }
        if (text[0] != '\0') addresses.insert(text);
    }
    return addresses;
}

}  // namespace

Canaries::Canaries() {
    DR_CHECK(listen_on("127.0.0.1", 0));
    sockaddr_in bound{};
    socklen_t bytes = sizeof bound;
    DR_CHECK(::getsockname(listeners_[0].get(), reinterpret_cast<sockaddr*>(&bound), &bytes) == 0);
    port_ = ntohs(bound.sin_port);
    auto addresses = interface_addresses();
    for (const auto* const loopback : {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.255.255.254", "::1"})
        addresses.insert(loopback);
    for (const auto& address : addresses) {
        for (const std::uint16_t port : {std::uint16_t{80}, std::uint16_t{443}, std::uint16_t{8080},
                                         std::uint16_t{1900}, std::uint16_t{6379}, std::uint16_t{11211}})
            (void)listen_on(address, port);
        if (address != "127.0.0.1") (void)listen_on(address, port_);
    }
}

bool Canaries::listen_on(const std::string& text, std::uint16_t port) {
    const auto address = socket_address(text, port);
    if (!address) return false;
    UniqueFd listener(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener) return false;
    const auto* const name = reinterpret_cast<const sockaddr*>(&address->storage);
    if (::bind(listener.get(), name, address->bytes) != 0 || ::listen(listener.get(), 64) != 0) return false;
    listeners_.push_back(std::move(listener));
    return true;
}

int Canaries::count() {
    int seen = 0;
    for (const auto& listener : listeners_) {
        while (UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))) ++seen;
    }
    return seen;
}

bool knock(const std::string& text, std::uint16_t port) {
    const auto address = socket_address(text, port);
    if (!address) return false;
    const UniqueFd socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* const name = reinterpret_cast<const sockaddr*>(&address->storage);
    return socket && ::connect(socket.get(), name, address->bytes) == 0;
}

}  // namespace darkroom::testing
