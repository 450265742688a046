// Hands the bytes of TCP connections on in both directions, whatever their protocol, and stops doing so as a
// test tells it: a network that loses everything, needing no rights. What it cannot show is a packet that
// nobody confirms; for that there is NetworkNamespace. It also leads into a network namespace, or from it to
// what listens on loopback.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "tests/support/held_port.h"

namespace darkroom::testing {

class TcpRelay {
public:
    /// From a free port at the IPv4 address `listen_host` to `target_host`:`target_port`.
    explicit TcpRelay(std::uint16_t target_port, const std::string& target_host = "127.0.0.1",
                      const std::string& listen_host = "127.0.0.1");
    TcpRelay(const TcpRelay&) = delete;
    TcpRelay& operator=(const TcpRelay&) = delete;
    /// Ends all connections.
    ~TcpRelay();

    std::uint16_t port() const { return port_.number(); }

    /// From now on nothing goes either way and nothing ends; new connections are accepted and meet the same.
    void cut();
    /// What was held goes on.
    void heal();
    /// Resets the connections there are. Both sides notice at once.
    void reset();
    /// Connections that have gone through it so far.
    int connections() const { return connections_; }

private:
    struct Flow;
    struct Pair;
    void serve();
    void accept_one();
    void drop_all();
    void wake();

    HeldPort port_;
    std::string target_host_;
    std::uint16_t target_port_;
    UniqueFd listener_;
    UniqueFd news_;  // an eventfd: look at the flags again
    std::atomic<bool> ended_ = false;
    std::atomic<bool> cut_ = false;
    std::atomic<bool> reset_ = false;
    std::atomic<int> connections_ = 0;
    std::vector<std::unique_ptr<Pair>> pairs_;  // the thread's
    std::thread serving_;
};

}  // namespace darkroom::testing
