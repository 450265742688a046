#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
extern "C" {  // this header of glibc 2.36 forgets it
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/check.h"

namespace darkroom::testing {
namespace {

constexpr int exit_not_started = 127;

std::vector<std::string> environment_lines(const std::map<std::string, std::string>& wanted) {
    std::vector<std::string> lines;
    for (const char* name : {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && wanted.count(name) == 0) lines.push_back(std::string(name) + "=" + value);
    }
    for (const auto& [name, value] : wanted) lines.push_back(std::string(name).append("=").append(value));
    return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    all.reserve(texts.size() + 1);
    for (auto& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// Between fork and exec only what is safe in a signal handler may be called.
[[noreturn]] void become(const ChildPlan& plan, char** arguments, char** environment, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_not_started);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (!plan.working_dir.empty() && ::chdir(plan.working_dir.c_str()) != 0) ::_exit(exit_not_started);
    const int in = plan.in_fd >= 0 ? plan.in_fd : ::open("/dev/null", O_RDONLY);
    const auto append = [](const std::filesystem::path& path) {
        return ::open(path.empty() ? "/dev/null" : path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    };
    const int out = plan.out_fd >= 0 ? plan.out_fd : append(plan.out_file);
    const int err = append(plan.err_file);
    if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(exit_not_started);
    ::close_range(3, ~0U, 0);
    ::execve(plan.program.c_str(), arguments, environment);
    ::_exit(exit_not_started);
}

}  // namespace

ChildProcess::ChildProcess(const ChildPlan& plan) {
    std::vector<std::string> arguments{plan.program.filename().string()};
    arguments.insert(arguments.end(), plan.arguments.begin(), plan.arguments.end());
    auto environment = environment_lines(plan.environment);
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    DR_CHECK(pid_ >= 0);
    if (pid_ == 0) become(plan, const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), parent);
    ended_.reset(::pidfd_open(pid_, 0));
    DR_CHECK(static_cast<bool>(ended_));
}

ChildProcess::~ChildProcess() {
    send_signal(SIGKILL);
    if (!exit_) ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::send_signal(int number) const {
    if (!exit_) ::kill(pid_, number);
}

std::optional<ChildExit> ChildProcess::wait(Milliseconds at_most) {
    if (exit_) return exit_;
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd ended{ended_.get(), POLLIN, 0};
        const int ready = ::poll(&ended, 1, static_cast<int>(std::max(left, Milliseconds(0)).count()));
        if (ready > 0) break;
        if (ready == 0) return std::nullopt;
        DR_CHECK(errno == EINTR);
    }
    int status = 0;
    DR_CHECK(::waitpid(pid_, &status, 0) == pid_);
    exit_ = WIFEXITED(status) ? ChildExit{WEXITSTATUS(status), 0} : ChildExit{-1, WTERMSIG(status)};
    return exit_;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    DR_CHECK(file.good());
}

}  // namespace darkroom::testing
