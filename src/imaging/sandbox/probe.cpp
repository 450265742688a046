#include "imaging/sandbox/probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace darkroom::imaging {
namespace {

std::string outcome(bool happened) {
    return happened ? "allowed" : std::string("refused: ") + std::strerror(errno);
}

std::string try_exec() {
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    char* environment[] = {nullptr};
    ::execve(program, arguments, environment);
    return outcome(false);
}

std::string try_fork() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    if (child > 0) ::waitpid(child, nullptr, 0);
    return outcome(child > 0);
}

// Touches what it gets, so that a limit on promises alone would not pass for a limit on memory.
std::string try_memory() {
    std::vector<std::unique_ptr<char[]>> taken;
    constexpr std::size_t piece = 64u << 20;
    try {
        for (int i = 0; i < 1'024; ++i) {
            taken.emplace_back(new char[piece]);
            std::memset(taken.back().get(), i, piece);
        }
    } catch (const std::bad_alloc&) {
        return "refused after " + std::to_string(taken.size() * (piece >> 20)) + " MiB";
    }
    return "allowed";
}

std::string try_spin() {
    std::atomic<std::uint64_t> rounds = 0;
    for (;;) rounds.fetch_add(1, std::memory_order_relaxed);
}

std::string try_sleep() {
    for (;;) ::pause();
}

std::string try_code() {
    void* page =
        ::mmap(nullptr, 4'096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(page != MAP_FAILED);
}

std::string try_raise_limit() {
    const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
    return outcome(::setrlimit(RLIMIT_CPU, &more) == 0);
}

std::string try_thread() {
    try {
        int answer = 0;
        std::thread worker([&] { answer = 42; });
        worker.join();
        return outcome(answer == 42);
    } catch (const std::system_error& error) {
        return std::string("refused: ") + error.what();
    }
}

}  // namespace

std::string probe_sandbox(std::string_view what) {
    if (what == "socket") return outcome(::socket(AF_INET, SOCK_STREAM, 0) >= 0);
    if (what == "unix_socket") return outcome(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    if (what == "exec") return try_exec();
    if (what == "fork") return try_fork();
    if (what == "ptrace") return outcome(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
    if (what == "read_file") return outcome(::open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
    if (what == "write_file") return outcome(::open("probe", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
    if (what == "list_folder") return outcome(::opendir(".") != nullptr);
    if (what == "kill_parent") return outcome(::kill(::getppid(), SIGTERM) == 0);
    if (what == "raise_limit") return try_raise_limit();
    if (what == "executable_memory") return try_code();
    if (what == "memory") return try_memory();
    if (what == "thread") return try_thread();
    if (what == "spin") return try_spin();
    if (what == "sleep") return try_sleep();
    if (what == "crash") std::abort();
    if (what == "environment")
        return ::getenv("PATH") == nullptr && ::getenv("HOME") == nullptr ? "empty" : "inherited";
    return "unknown";
}

}  // namespace darkroom::imaging
