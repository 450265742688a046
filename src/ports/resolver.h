// From a host's name to its addresses. A port of its own, because what a name means is the first thing that
// an attacker of input URLs lies about.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "core/ip_address.h"

namespace darkroom::ports {

/// Blocking; safe to use from many threads at once.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// Every address that the name has now, v4 and v6, never an empty list. The error is a sentence.
    virtual Result<std::vector<core::IpAddress>, std::string> resolve(const std::string& host) = 0;
};

}  // namespace darkroom::ports
