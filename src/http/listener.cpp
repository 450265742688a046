#include "http/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/log.h"

namespace darkroom::http {
namespace {

constexpr int accepts_in_a_row = 64;
constexpr int backlog = 1'024;
constexpr Milliseconds retry_after{200};

StartFailure failure(const IoError& error, const std::string& where) {
    const auto kind = error == asio::error::address_in_use  ? StartError::address_in_use
                      : error == asio::error::access_denied ? StartError::not_permitted
                      : error.value() == EADDRNOTAVAIL      ? StartError::bad_address
                                                            : StartError::other;
    return {kind, "cannot listen on " + where + ": " + error.message()};
}

}  // namespace

Listener::Listener(asio::io_context& io, HasRoom has_room, OnSocket on_socket)
    : io_(io),
      has_room_(std::move(has_room)),
      on_socket_(std::move(on_socket)),
      acceptor_(io.get_executor()),
      retry_(io.get_executor()) {}

Result<std::uint16_t, StartFailure> Listener::open(const std::string& address, std::uint16_t port) {
    IoError error;
    const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
    if (error) return Fail(StartFailure{StartError::bad_address, "'" + address + "' is not an IP address"});
    const Tcp::endpoint endpoint(ip, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor_.set_option(Acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(backlog, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (error) return Fail(failure(error, address + " port " + std::to_string(port)));
    return acceptor_.local_endpoint().port();
}

void Listener::accept_more() {
    if (paused_) {
        paused_ = false;
        retry_.cancel();
    }
    if (waiting_ || !acceptor_.is_open() || !has_room_()) return;
    waiting_ = true;
    acceptor_.async_wait(Acceptor::wait_read, [this](const IoError& error) {
        waiting_ = false;
        if (!error) accept_waiting();
    });
}

void Listener::accept_waiting() {
    for (int i = 0; i < accepts_in_a_row && has_room_(); ++i) {
        if (!accept_one()) break;
    }
    if (!paused_) accept_more();
}

// False when nothing more can be accepted now. accept4 rather than Asio's accept: close-on-exec from the
// start, because other threads of the gateway start child processes.
bool Listener::accept_one() {
    sockaddr_storage remote{};
    socklen_t remote_bytes = sizeof remote;
    const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&remote), &remote_bytes,
                             SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) pause();
        return errno == ECONNABORTED || errno == EINTR;
    }
    Tcp::endpoint endpoint;
    endpoint.resize(remote_bytes);
    std::memcpy(endpoint.data(), &remote, remote_bytes);
    Socket socket(io_.get_executor());
    IoError error;
    socket.assign(endpoint.protocol(), fd, error);
    if (error) {
        ::close(fd);
        return true;
    }
    IoError ignored;  // the client may have gone already; reading will tell
    socket.non_blocking(true, ignored);
    socket.set_option(Tcp::no_delay(true), ignored);
    on_socket_(std::move(socket), endpoint.address());
    return true;
}

// Out of descriptors: a level-triggered wait would spin, so look again when a connection ends or a moment has
// passed.
void Listener::pause() {
    log::warning("not accepting connections for the moment", {{"error", std::strerror(errno)}});
    paused_ = true;
    retry_.expires_after(retry_after);
    retry_.async_wait([this](const IoError& error) {
        if (!error) accept_more();
    });
}

void Listener::close() {
    IoError ignored;
    acceptor_.close(ignored);
    retry_.cancel();
}

}  // namespace darkroom::http
