#include "tests/support/talking_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace darkroom::testing {
namespace {

// It starts in two seconds; a machine that runs many tests at once needs longer.
constexpr Milliseconds answer_patience{60'000};

/// One end stays with the test, the other goes to the child. A socket, because writing to a pipe whose reader
/// has ended kills the writer, and a socket can be told not to.
std::pair<UniqueFd, UniqueFd> make_socket_pair() {
    int ends[2];
    DR_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    DR_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

TalkingChild::TalkingChild(ChildPlan plan, Milliseconds stop_patience)
    : plan_(std::move(plan)), stop_patience_(stop_patience) {
    auto [in_read, in_write] = make_socket_pair();
    auto [out_read, out_write] = make_pipe();
    auto with_pipes = plan_;
    with_pipes.in_fd = in_read.get();
    with_pipes.out_fd = out_write.get();
    process_ = std::make_unique<ChildProcess>(with_pipes);
    to_child_ = std::move(in_write);
    from_child_ = std::move(out_read);
}

TalkingChild::~TalkingChild() {
    to_child_.reset();
    (void)process_->wait(stop_patience_);
}

bool TalkingChild::try_write_line(std::string_view line) {
    const auto text = std::string(line) + "\n";
    return ::send(to_child_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

void TalkingChild::write_line(std::string_view line) { DR_CHECK(try_write_line(line)); }

std::optional<std::string> TalkingChild::try_read_line(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto end = unread_.find('\n'); end != std::string::npos) {
            auto line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd readable{from_child_.get(), POLLIN, 0};
        char buffer[4096];
        ssize_t got = 0;
        if (::poll(&readable, 1, std::max(0, static_cast<int>(left.count()))) > 0)
            got = ::read(from_child_.get(), buffer, sizeof buffer);
        if (got <= 0) return std::nullopt;
        unread_.append(buffer, static_cast<std::size_t>(got));
    }
}

std::string TalkingChild::read_line() {
    auto line = try_read_line(answer_patience);
    if (line) return *std::move(line);
    std::fprintf(stderr, "%s does not answer: %s\n", plan_.program.filename().c_str(),
                 read_file(plan_.err_file).c_str());
    std::abort();
}

std::uint16_t port_in(std::string_view url) {
    std::uint16_t port = 0;
    const auto digits = url.substr(url.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

}  // namespace darkroom::testing
