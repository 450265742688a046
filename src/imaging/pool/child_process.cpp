#include "imaging/pool/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "base/check.h"
#include "imaging/wire/packet.h"

namespace darkroom::imaging {
namespace {

constexpr int child_socket_fd = 3;  // by agreement with darkroom-imaging
constexpr Milliseconds kill_patience{10'000};

/// Owner of posix_spawn's two settings.
class SpawnPlan {
public:
    SpawnPlan() {
        DR_CHECK(::posix_spawn_file_actions_init(&actions_) == 0);
        DR_CHECK(::posix_spawnattr_init(&attributes_) == 0);
    }
    SpawnPlan(const SpawnPlan&) = delete;
    SpawnPlan& operator=(const SpawnPlan&) = delete;
    ~SpawnPlan() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    // Standard streams lead nowhere but for errors at the start; the socket is all else it inherits.
    bool hand_over(int socket, const std::filesystem::path& folder) {
        return ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0) == 0 &&
               ::posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0) == 0 &&
               ::posix_spawn_file_actions_adddup2(&actions_, socket, child_socket_fd) == 0 &&
               ::posix_spawn_file_actions_addclosefrom_np(&actions_, child_socket_fd + 1) == 0 &&
               ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()) == 0;
    }
    // A group of its own, so that a terminal's Ctrl-C reaches the gateway alone, which ends its work in
    // order.
    bool set_attributes() {
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::sigdelset(&all, SIGKILL);
        ::sigdelset(&all, SIGSTOP);
        constexpr short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
        return ::posix_spawnattr_setsigmask(&attributes_, &none) == 0 &&
               ::posix_spawnattr_setsigdefault(&attributes_, &all) == 0 &&
               ::posix_spawnattr_setpgroup(&attributes_, 0) == 0 &&
               ::posix_spawnattr_setflags(&attributes_, flags) == 0;
    }
    int spawn(pid_t& pid, const char* program, char* const* arguments, char* const* environment) {
        return ::posix_spawn(&pid, program, &actions_, &attributes_, arguments, environment);
    }

private:
    posix_spawn_file_actions_t actions_;
    posix_spawnattr_t attributes_;
};

int thread_count(const PoolOptions& options) {
    if (options.threads_per_process > 0) return options.threads_per_process;
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
}

std::vector<std::string> arguments_of(const PoolOptions& options) {
    std::vector<std::string> arguments{"darkroom-imaging", "--parent=" + std::to_string(::getpid()),
                                       "--threads=" + std::to_string(thread_count(options)),
                                       "--memory-bytes=" + std::to_string(options.memory_bytes),
                                       "--output-bytes=" + std::to_string(options.output_bytes_max)};
    if (options.allow_probes) arguments.emplace_back("--probes");
    return arguments;
}

// No secret of the gateway's environment reaches the process; these are all it gets.
std::vector<std::string> environment_of() {
    return {"VIPS_BLOCK_UNTRUSTED=1", "LC_ALL=C", "OPENCV_OPENCL_RUNTIME=disabled"};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

UniqueFd open_pid(pid_t pid) { return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

}  // namespace

std::filesystem::path imaging_program(const PoolOptions& options) {
    if (!options.program.empty()) return options.program;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return self.parent_path() / "darkroom-imaging";
}

Result<std::unique_ptr<ChildProcess>, std::string> ChildProcess::start(const PoolOptions& options) {
    auto sockets = make_socket_pair();
    if (!sockets) return Fail(std::string("no socket for a pixel process: ") + std::strerror(errno));
    SpawnPlan plan;
    if (!plan.hand_over(sockets->second.get(), options.work_dir) || !plan.set_attributes()) {
        return Fail(std::string("cannot prepare a pixel process"));
    }
    std::vector<std::string> arguments = arguments_of(options), environment = environment_of();
    const std::string program = imaging_program(options).string();
    pid_t pid = 0;
    const int error =
        plan.spawn(pid, program.c_str(), pointers_to(arguments).data(), pointers_to(environment).data());
    if (error != 0) return Fail("cannot start " + program + ": " + std::strerror(error));
    return std::unique_ptr<ChildProcess>(new ChildProcess(pid, open_pid(pid), std::move(sockets->first)));
}

ChildProcess::~ChildProcess() { (void)kill(); }

std::uint64_t ChildProcess::resident_bytes() const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/statm";
    std::FILE* file = std::fopen(path.c_str(), "re");
    if (file == nullptr) return 0;
    unsigned long pages = 0;
    const bool read = std::fscanf(file, "%*u %lu", &pages) == 1;
    std::fclose(file);
    return read ? std::uint64_t{pages} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void ChildProcess::allow_cpu(Milliseconds limit) const {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
    const auto seconds = static_cast<rlim_t>(used.tv_sec + 1 + (limit.count() + 999) / 1'000);
    const rlimit allowed{seconds, RLIM_INFINITY};
    // A process that has ended in between is noticed by whoever talks to it.
    (void)::prlimit(pid_, RLIMIT_CPU, &allowed, nullptr);
}

ChildEnd ChildProcess::reap(Milliseconds patience) {
    if (end_.reaped) return end_;
    if (pid_fd_) {
        pollfd ended{pid_fd_.get(), POLLIN, 0};
        int result = 0;
        do {
            result = ::poll(&ended, 1, static_cast<int>(patience.count()));
        } while (result < 0 && errno == EINTR);
    }
    int status = 0;
    rusage usage{};
    if (::wait4(pid_, &status, WNOHANG, &usage) != pid_) return end_;
    end_.reaped = true;
    if (WIFEXITED(status)) end_.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    end_.resident_bytes_most = static_cast<std::uint64_t>(usage.ru_maxrss) * 1'024;
    return end_;
}

ChildEnd ChildProcess::kill() {
    if (end_.reaped) return end_;
    // Its group is itself: it cannot start processes. Not yet reaped, so the number cannot belong to anyone
    // else.
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    return reap(kill_patience);
}

ChildEnd ChildProcess::wait_or_kill(Milliseconds patience) {
    if (const ChildEnd end = reap(patience); end.reaped) return end;
    return kill();
}

}  // namespace darkroom::imaging
