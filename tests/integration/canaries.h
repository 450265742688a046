// Listeners on every address of this machine that answer nobody and count who came: whoever is talked into
// connecting to the machine's own network is seen by them. The kernel completes the connections; nothing
// runs.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace darkroom::testing {

class Canaries {
public:
    /// On loopback (several addresses of it, v4 and v6) and on the address of every interface: at one free
    /// port, and at those ports of the list of hostile URLs that this machine lets the test have.
    Canaries();

    /// The port that is the same on all addresses.
    std::uint16_t port() const { return port_; }
    std::size_t listeners() const { return listeners_.size(); }
    /// Connections since the last call.
    int count();

private:
    bool listen_on(const std::string& address, std::uint16_t port);

    std::uint16_t port_ = 0;
    std::vector<UniqueFd> listeners_;
};

/// Connects and closes: what a canary has to see.
bool knock(const std::string& address, std::uint16_t port);

}  // namespace darkroom::testing
