#include "http/system_resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace darkroom::http {
namespace {

constexpr std::size_t name_bytes_max = 253;  // RFC 1035 §2.3.4, without the last dot

struct ListDeleter {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::optional<core::IpAddress> address_of(const addrinfo& found) {
    if (found.ai_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, found.ai_addr, sizeof v4);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
        return core::IpAddress::v4(bytes);
    }
    if (found.ai_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, found.ai_addr, sizeof v6);
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return core::IpAddress::v6(bytes);
    }
    return std::nullopt;
}

std::string sentence(int error, int system_error) {
    switch (error) {
        case EAI_NONAME:
        case EAI_NODATA:
        case EAI_ADDRFAMILY:
            return "The host has no address.";
        case EAI_AGAIN:
            return "The host's address could not be asked for; the name server may be away.";
        case EAI_SYSTEM:
            return std::string("The host's address could not be asked for: ") + std::strerror(system_error) +
                   ".";
        default:
            return std::string("The host's address could not be asked for: ") + ::gai_strerror(error) + ".";
    }
}

}  // namespace

Result<std::vector<core::IpAddress>, std::string> SystemResolver::resolve(const std::string& host) {
    // A name is handed over as a C string: what follows a zero byte would be resolved by nobody.
    if (host.empty() || host.size() > name_bytes_max || host.find('\0') != std::string::npos)
        return Fail(std::string("The host's name is not one that can be resolved."));
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;  // else each address comes once for each kind of socket
    wanted.ai_flags = 0;               // no AI_ADDRCONFIG: see the header
    addrinfo* first = nullptr;
    const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &first);
    const int system_error = errno;
    const std::unique_ptr<addrinfo, ListDeleter> found(first);
    if (error != 0) return Fail(sentence(error, system_error));
    std::vector<core::IpAddress> addresses;
    for (const auto* one = found.get(); one != nullptr; one = one->ai_next) {
        const auto address = address_of(*one);
        if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
            addresses.push_back(*address);
    }
    if (addresses.empty()) return Fail(sentence(EAI_NONAME, 0));
    return addresses;
}

}  // namespace darkroom::http
