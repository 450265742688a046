#include "imaging/sandbox/lock_down.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "imaging/sandbox/syscall_filter.h"

namespace darkroom::imaging {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool limits_memory = false;
#else
constexpr bool limits_memory = true;
#endif

Result<void, std::string> failed(const char* doing) {
    return Fail(std::string(doing) + ": " + std::strerror(errno));
}

std::uint64_t mapped_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long pages = 0;
    const bool read = std::fscanf(file, "%lu", &pages) == 1;
    std::fclose(file);
    return read ? std::uint64_t{pages} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

bool limit(int resource, std::uint64_t value) {
    const rlimit both{value, value};
    return ::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0;
}

Result<void, std::string> set_limits(const SandboxLimits& limits) {
    if (!limit(RLIMIT_CORE, 0)) return failed("limit core dumps");
    if (!limit(RLIMIT_FSIZE, limits.output_bytes_max)) return failed("limit file size");
    if (!limit(RLIMIT_NOFILE, limits.open_files_max)) return failed("limit open files");
    if (limits_memory) {
        const std::uint64_t mapped = mapped_bytes();
        if (mapped == 0) return failed("read own memory size");
        if (!limit(RLIMIT_AS, mapped + limits.memory_bytes)) return failed("limit memory");
    }
    // A file that grows too large is an error of the write, not the end of the process.
    if (::signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return failed("ignore SIGXFSZ");
    return {};
}

}  // namespace

bool die_with_parent(pid_t parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
    return ::getppid() == parent;  // it may have ended before the line above
}

Result<void, std::string> lock_down(const SandboxLimits& limits) {
    if (auto limited = set_limits(limits); !limited) return limited;
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("forbid debugging");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forbid new privileges");
    return install_syscall_filter();
}

}  // namespace darkroom::imaging
