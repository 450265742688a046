#include "cli/interrupts.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/check.h"
#include "cli/exit_code.h"

namespace darkroom::cli {
namespace {

std::atomic<int> signal_pipe{-1};
std::atomic<bool> was_interrupted{false};

constexpr char from_signal = 's';
constexpr char from_end = 'e';

// A handler may do little (signal-safety(7)): write and _exit are on the list.
extern "C" void note_signal(int) {
    const int kept_errno = errno;
    if (was_interrupted.exchange(true)) ::_exit(static_cast<int>(ExitCode::interrupted));
    const char byte = from_signal;
    if (const int fd = signal_pipe.load(); fd >= 0) [[maybe_unused]]
        const auto written = ::write(fd, &byte, 1);
    errno = kept_errno;
}

}  // namespace

Interrupts::Interrupts(std::function<void()> on_first) {
    int ends[2];
    DR_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    DR_CHECK(signal_pipe.exchange(write_end_.get()) == -1);
    was_interrupted = false;

    // This wait has no deadline: it is for the user or for the destructor, and one of them comes.
    thread_ = std::thread([this, on_first = std::move(on_first)] {
        char byte = 0;
        for (;;) {
            const auto length = ::read(read_end_.get(), &byte, 1);
            if (length < 0 && errno == EINTR) continue;
            if (length != 1 || byte == from_end) return;
            on_first();
        }
    });

    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    DR_CHECK(::sigaction(SIGINT, &action, &old_int_) == 0);
    DR_CHECK(::sigaction(SIGTERM, &action, &old_term_) == 0);
}

Interrupts::~Interrupts() {
    ::sigaction(SIGINT, &old_int_, nullptr);
    ::sigaction(SIGTERM, &old_term_, nullptr);
    signal_pipe = -1;
    const char byte = from_end;
    DR_CHECK(::write(write_end_.get(), &byte, 1) == 1);
    thread_.join();
}

}  // namespace darkroom::cli
