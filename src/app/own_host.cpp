#include "app/own_host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

namespace darkroom::app {
namespace {

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string host_of(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return "";
    auto host = url.substr(scheme + 3);
    host = host.substr(0, host.find('/'));
    if (!host.empty() && host.front() == '[') return host.substr(1, host.find(']') - 1);
    return lower_case(host.substr(0, host.find(':')));
}

std::vector<core::IpAddress> interface_addresses() {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    std::vector<core::IpAddress> found;
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr) continue;
        std::array<char, INET6_ADDRSTRLEN> text{};
        const int family = entry->ifa_addr->sa_family;
        const void* bytes = nullptr;
        if (family == AF_INET) {
            bytes = &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr;
        } else if (family == AF_INET6) {
            bytes = &reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr;
        } else {
            continue;
        }
        if (::inet_ntop(family, bytes, text.data(), text.size()) == nullptr) continue;
        if (const auto address = core::IpAddress::parse(text.data())) found.push_back(*address);
    }
    return found;
}

}  // namespace

OwnHost look_up_own_host(const std::string& base_url) {
    OwnHost own;
    own.addresses = interface_addresses();
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) == 0) own.names.push_back(lower_case(name.data()));
    if (auto host = host_of(base_url); !host.empty()) {
        if (const auto address = core::IpAddress::parse(host)) own.addresses.push_back(*address);
        own.names.push_back(std::move(host));
    }
    return own;
}

}  // namespace darkroom::app
