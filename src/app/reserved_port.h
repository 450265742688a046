// A free port, drawn before anything listens: whoever is to be told where the server will be can be made
// first.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace darkroom::app {

class ReservedPort {
public:
    /// nullopt where none can be had at this address: whoever then listens there finds out why.
    static std::optional<ReservedPort> draw(const std::string& address);

    std::uint16_t port() const { return port_; }

private:
    ReservedPort(UniqueFd socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {}

    // Bound, and never listening: until it goes nobody else is given the port, while a server that allows an
    // address to be reused can listen at it.
    UniqueFd socket_;
    std::uint16_t port_;
};

}  // namespace darkroom::app
