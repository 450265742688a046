// The listening socket: accepts while there is room and descriptors, pauses while there is not, never spins.
// Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "http/asio.h"
#include "http/server.h"

namespace darkroom::http {

class Listener {
public:
    using HasRoom = std::function<bool()>;
    using OnSocket = std::function<void(Socket socket, const asio::ip::address& remote)>;

    Listener(asio::io_context& io, HasRoom has_room, OnSocket on_socket);

    /// Binds and listens; returns the port. Call accept_more() to begin.
    Result<std::uint16_t, StartFailure> open(const std::string& address, std::uint16_t port);
    /// Begins or resumes accepting if there is room: after open() and whenever a connection has ended.
    void accept_more();
    void close();

private:
    void accept_waiting();
    bool accept_one();
    void pause();

    asio::io_context& io_;
    HasRoom has_room_;
    OnSocket on_socket_;
    Acceptor acceptor_;
    Timer retry_;
    bool waiting_ = false;
    bool paused_ = false;
};

}  // namespace darkroom::http
