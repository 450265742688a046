// A TCP port that stays a test's own while its server is down: the socket is bound and never listens, so
// nobody else is given the port, and a server that sets SO_REUSEADDR (all that tests start do) can still
// listen there. Whoever connects while the server is down is refused, as by a machine that runs without it.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "base/check.h"
#include "base/unique_fd.h"

namespace darkroom::testing {

class HeldPort {
public:
    HeldPort() : holder_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        DR_CHECK(::setsockopt(holder_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_ANY);  // a server may listen on more than the loopback interface
        auto* address = reinterpret_cast<sockaddr*>(&any);
        socklen_t size = sizeof any;
        DR_CHECK(::bind(holder_.get(), address, size) == 0);
        DR_CHECK(::getsockname(holder_.get(), address, &size) == 0);
        number_ = ntohs(any.sin_port);
    }

    std::uint16_t number() const { return number_; }

private:
    UniqueFd holder_;
    std::uint16_t number_ = 0;
};

}  // namespace darkroom::testing
