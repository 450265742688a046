// ports::Resolver by the system's own means: /etc/hosts, DNS, whatever it is set up for.
#pragma once
#include "ports/resolver.h"

namespace darkroom::http {

/// Gives addresses of both families, whether this machine has a route to them or not: who guards must see
/// every address that somebody could connect to. A text that the system reads as an address ("127.1" too) is
/// its own answer. The system's configuration bounds the wait (resolv.conf: timeout and attempts).
class SystemResolver final : public ports::Resolver {
public:
    Result<std::vector<core::IpAddress>, std::string> resolve(const std::string& host) override;
};

}  // namespace darkroom::http
