// The names and addresses under which this machine can be reached: what a client must not have Darkroom fetch
// from unless the operator allows it.
#pragma once
#include <string>
#include <vector>

#include "core/ip_address.h"

namespace darkroom::app {

struct OwnHost {
    std::vector<std::string> names;
    std::vector<core::IpAddress> addresses;
};

/// `base_url` is where others reach the server; empty = unknown.
OwnHost look_up_own_host(const std::string& base_url);

}  // namespace darkroom::app
