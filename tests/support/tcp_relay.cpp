#include "tests/support/tcp_relay.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

namespace darkroom::testing {
namespace {

constexpr std::size_t piece_bytes = 64u << 10;

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    DR_CHECK(::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1);
    return address;
}

void make_quick(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

// One direction of a connection: what was read at one end and is not yet written to the other.
struct TcpRelay::Flow {
    std::string waiting;
    bool ended = false;   // nothing more will be read
    bool closed = false;  // and the other end has been told

    bool wants_to_read() const { return !ended && waiting.empty(); }
    bool wants_to_write() const { return !waiting.empty(); }

    bool read_from(int fd) {
        char piece[piece_bytes];
        const auto got = ::recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        ended = got == 0;
        waiting.append(piece, static_cast<std::size_t>(got));
        return true;
    }

    bool write_to(int fd) {
        const auto put = ::send(fd, waiting.data(), waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0) return errno == EAGAIN || errno == EINTR;
        waiting.erase(0, static_cast<std::size_t>(put));
        return true;
    }

    void pass_on_the_end(int fd) {
        if (!ended || closed || !waiting.empty()) return;
        ::shutdown(fd, SHUT_WR);
        closed = true;
    }
};

struct TcpRelay::Pair {
    UniqueFd client;
    UniqueFd server;
    Flow up;
    Flow down;

    short client_events() const {
        return static_cast<short>((up.wants_to_read() ? POLLIN : 0) | (down.wants_to_write() ? POLLOUT : 0));
    }
    short server_events() const {
        return static_cast<short>((down.wants_to_read() ? POLLIN : 0) | (up.wants_to_write() ? POLLOUT : 0));
    }

    // False: the connection is over.
    bool move(short at_client, short at_server) {
        if (((at_client | at_server) & (POLLERR | POLLNVAL)) != 0) return false;
        const auto readable = static_cast<short>(POLLIN | POLLHUP);
        if (up.wants_to_read() && (at_client & readable) != 0 && !up.read_from(client.get())) return false;
        if (down.wants_to_read() && (at_server & readable) != 0 && !down.read_from(server.get()))
            return false;
        if (up.wants_to_write() && !up.write_to(server.get())) return false;
        if (down.wants_to_write() && !down.write_to(client.get())) return false;
        up.pass_on_the_end(server.get());
        down.pass_on_the_end(client.get());
        return !(up.closed && down.closed);
    }
};

TcpRelay::TcpRelay(std::uint16_t target_port, const std::string& target_host, const std::string& listen_host)
    : target_host_(target_host),
      target_port_(target_port),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto address = address_of(listen_host, port());
    DR_CHECK(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    DR_CHECK(::listen(listener_.get(), SOMAXCONN) == 0);
    serving_ = std::thread([this] { serve(); });
}

TcpRelay::~TcpRelay() {
    ended_ = true;
    wake();
    serving_.join();
}

void TcpRelay::cut() {
    cut_ = true;
    wake();
}

void TcpRelay::heal() {
    cut_ = false;
    wake();
}

void TcpRelay::reset() {
    reset_ = true;
    wake();
}

void TcpRelay::wake() {
    const std::uint64_t one = 1;
    DR_CHECK(::write(news_.get(), &one, sizeof one) == sizeof one);
}

void TcpRelay::accept_one() {
    auto pair = std::make_unique<Pair>();
    pair->client.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!pair->client) return;
    pair->server.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto target = address_of(target_host_, target_port_);
    // Both ends are on this machine, so this does not wait; if nobody listens there, the client's end closes.
    if (::connect(pair->server.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) return;
    make_quick(pair->client.get());
    make_quick(pair->server.get());
    ++connections_;
    pairs_.push_back(std::move(pair));
}

void TcpRelay::drop_all() {
    const linger at_once{1, 0};  // RST instead of FIN
    for (const auto& pair : pairs_) {
        ::setsockopt(pair->client.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::setsockopt(pair->server.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    pairs_.clear();
}

void TcpRelay::serve() {
    while (!ended_) {
        if (reset_.exchange(false)) drop_all();
        const bool is_cut = cut_;
        // While cut, a client connects to the kernel's backlog and gets no further.
        std::vector<pollfd> ready{{news_.get(), POLLIN, 0}, {is_cut ? -1 : listener_.get(), POLLIN, 0}};
        for (const auto& pair : pairs_) {
            ready.push_back({is_cut ? -1 : pair->client.get(), pair->client_events(), 0});
            ready.push_back({is_cut ? -1 : pair->server.get(), pair->server_events(), 0});
        }
        if (::poll(ready.data(), ready.size(), -1) < 0) continue;
        std::uint64_t ignored = 0;
        if (ready[0].revents != 0) (void)!::read(news_.get(), &ignored, sizeof ignored);
        if (is_cut || cut_) continue;
        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            if (!pairs_[i]->move(ready[2 + 2 * i].revents, ready[3 + 2 * i].revents)) pairs_[i].reset();
        }
        pairs_.erase(std::remove(pairs_.begin(), pairs_.end(), nullptr), pairs_.end());
        if (ready[1].revents != 0) accept_one();
    }
}

}  // namespace darkroom::testing
