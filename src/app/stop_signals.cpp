#include "app/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace darkroom::app {

StopSignals::StopSignals(Hangup hangup) : at_terminal_(::isatty(STDIN_FILENO) == 1) {
    sigemptyset(&set_);
    if (hangup == Hangup::told) sigaddset(&set_, SIGHUP);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A closed connection or a file-size limit is an error to be handled, not the end.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    fd_ = UniqueFd(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool StopSignals::wait(int other, int timeout_ms) const {
    std::array<pollfd, 2> waits{{{fd_.get(), POLLIN, 0}, {other, POLLIN, 0}}};
    while (::poll(waits.data(), waits.size(), timeout_ms) < 0 && errno == EINTR) {
    }
    return (waits[0].revents & POLLIN) != 0;
}

StopSignals::Heard StopSignals::hear(int other, int timeout_ms) const {
    if (!wait(other, timeout_ms)) return Heard::nothing;
    signalfd_siginfo taken{};
    if (::read(fd_.get(), &taken, sizeof taken) != static_cast<ssize_t>(sizeof taken)) return Heard::nothing;
    if (taken.ssi_signo != SIGHUP) return Heard::stop;
    return at_terminal_ && ::isatty(STDIN_FILENO) != 1 ? Heard::stop : Heard::hangup;
}

void StopSignals::let_go(unsigned limit_s) const {
    // What has been heard already must not count as the second one.
    signalfd_siginfo taken{};
    while (::read(fd_.get(), &taken, sizeof taken) > 0) {
    }
    signal(SIGINT, [](int) { _exit(130); });
    signal(SIGTERM, [](int) { _exit(143); });
    signal(SIGALRM, [](int) { _exit(143); });
    if (sigismember(&set_, SIGHUP) == 1) signal(SIGHUP, SIG_IGN);
    alarm(limit_s);
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
}

}  // namespace darkroom::app
