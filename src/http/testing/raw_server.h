// A server that does exactly what a test wants with each connection: answers nonsense, half an answer,
// nothing.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace darkroom::http::testing {

class RawServer {
public:
    /// `serve(socket, number)` runs on a thread of its own for each connection, numbered from 1; the socket
    /// is closed after it.
    explicit RawServer(std::function<void(int socket, int number)> serve,
                       const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    ~RawServer();

    std::uint16_t port() const { return port_; }
    std::string url(const std::string& path = "/") const;
    int connections() const { return accepted_; }

private:
    void accept_all();

    std::function<void(int, int)> serve_;
    UniqueFd listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;
    std::vector<int> sockets_;
    std::vector<std::thread> serving_;
    std::thread accepting_;
};

/// Reads one request with a Content-Length from a socket; empty if the client left.
std::string read_request(int socket);
void write_all(int socket, const std::string& bytes);
/// Blocks until the other side closes.
void wait_for_close(int socket);

}  // namespace darkroom::http::testing
