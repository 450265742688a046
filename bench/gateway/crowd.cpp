#include "bench/gateway/crowd.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "bench/gateway/http_talk.h"

namespace darkroom::bench {
namespace {

constexpr std::string_view slow_request =
    "POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "X-Patience: a very long header that never comes to its end";
constexpr int rest_ms = 10;  // between two looks at a part of the crowd
constexpr std::size_t parts = 100;

// For this process alone: the server has the limit that its user gives it.
void allow_many_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool closed_by_server(int socket) {
    char byte = 0;
    // Whatever the server has to say to such a client, it says before it closes.
    return ::recv(socket, &byte, 1, MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace

Crowd::Crowd(std::uint16_t port, int connections)
    : port_(port), members_(static_cast<std::size_t>(connections)) {
    allow_many_files();
    for (auto& member : members_) member.socket = connect_here(port_);
    fewest_ = count_here();
    thread_ = std::thread([this] { stay(); });
}

Crowd::~Crowd() {
    leaving_ = true;
    thread_.join();
}

int Crowd::count_here() const {
    return static_cast<int>(std::count_if(members_.begin(), members_.end(), [](const Member& member) {
        return static_cast<bool>(member.socket);
    }));
}

// A hundredth of them every ten milliseconds, so that each is looked at once a second and the slow ones do
// not all speak in the same moment. Every other one never says a word.
void Crowd::stay() {
    for (std::size_t beat = 0; !leaving_; ++beat) {
        for (auto i = beat % parts; i < members_.size(); i += parts) look_after(members_[i], i % 2 == 1);
        if (beat % parts == parts - 1) fewest_ = std::min<int>(fewest_, count_here());
        ::poll(nullptr, 0, rest_ms);
    }
}

void Crowd::look_after(Member& member, bool talks) {
    if (!member.socket || closed_by_server(member.socket.get())) {
        member = {connect_here(port_), 0};
        ++returned_;
        return;
    }
    if (!talks) return;
    const char next = slow_request[member.said++ % slow_request.size()];
    (void)::send(member.socket.get(), &next, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace darkroom::bench
