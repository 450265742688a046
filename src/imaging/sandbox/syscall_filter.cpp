#include "imaging/sandbox/syscall_filter.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace darkroom::imaging {
namespace {

// Computing, the descriptors that are open already, threads and their waiting. Files cannot be opened at all:
// pictures and results come over the socket as descriptors.
constexpr int allowed[] = {
    // memory
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(membarrier),
    // open descriptors
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
    SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(fstatfs),
    SCMP_SYS(ftruncate), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg), SCMP_SYS(poll), SCMP_SYS(ppoll),
    // threads
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler), SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall),
    // time, chance, and what the machine is like
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(uname),
    // signals and the end
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

// Nothing in a picture library makes these; who does has taken the process over, and that should be seen.
constexpr int deadly[] = {SCMP_SYS(socket),
                          SCMP_SYS(socketpair),
                          SCMP_SYS(connect),
                          SCMP_SYS(bind),
                          SCMP_SYS(listen),
                          SCMP_SYS(accept),
                          SCMP_SYS(accept4),
                          SCMP_SYS(execve),
                          SCMP_SYS(execveat),
                          SCMP_SYS(fork),
                          SCMP_SYS(vfork),
                          SCMP_SYS(ptrace),
                          SCMP_SYS(process_vm_readv),
                          SCMP_SYS(process_vm_writev),
                          SCMP_SYS(bpf),
                          SCMP_SYS(io_uring_setup),
                          SCMP_SYS(userfaultfd),
                          SCMP_SYS(perf_event_open),
                          SCMP_SYS(mount),
                          SCMP_SYS(unshare),
                          SCMP_SYS(setns),
                          SCMP_SYS(keyctl)};

// Libraries look for files now and then and do without; they get a plain "no".
constexpr int file_calls[] = {SCMP_SYS(open),     SCMP_SYS(openat),    SCMP_SYS(openat2),    SCMP_SYS(creat),
                              SCMP_SYS(access),   SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
                              SCMP_SYS(lstat),    SCMP_SYS(readlink),  SCMP_SYS(readlinkat), SCMP_SYS(unlink),
                              SCMP_SYS(unlinkat), SCMP_SYS(rename),    SCMP_SYS(mkdir)};

// UBSan looks through a pipe whether memory can be read.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int for_sanitizers[] = {SCMP_SYS(pipe), SCMP_SYS(pipe2)};
#else
constexpr std::array<int, 0> for_sanitizers{};
#endif

class Filter {
public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release) {}

    void add(std::uint32_t action, int call) {
        if (good()) result_ = seccomp_rule_add(context_.get(), action, call, 0);
        skip_unknown();
    }
    void add(std::uint32_t action, int call, scmp_arg_cmp first) {
        if (good()) result_ = seccomp_rule_add(context_.get(), action, call, 1, first);
        skip_unknown();
    }
    void add(std::uint32_t action, int call, scmp_arg_cmp first, scmp_arg_cmp second) {
        if (good()) result_ = seccomp_rule_add(context_.get(), action, call, 2, first, second);
        skip_unknown();
    }
    int load() {
        // Libraries have started threads already; all of them are locked in.
        if (good()) result_ = seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_TSYNC, 1);
        if (good()) result_ = seccomp_load(context_.get());
        return result_;
    }

private:
    bool good() const { return context_ != nullptr && result_ == 0; }
    // A call that this architecture does not have needs no rule.
    void skip_unknown() {
        if (result_ == -EDOM || result_ == -EINVAL) result_ = 0;
    }

    std::unique_ptr<void, decltype(&seccomp_release)> context_;
    int result_ = 0;
};

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, bits};
}

void add_conditional_rules(Filter& filter) {
    constexpr auto allow = SCMP_ACT_ALLOW;
    // No page becomes executable: injected code has nowhere to run.
    filter.add(allow, SCMP_SYS(mmap), has_bits(2, PROT_EXEC, 0));
    filter.add(allow, SCMP_SYS(mprotect), has_bits(2, PROT_EXEC, 0));
    // Threads, but no processes. clone3 hides its flags behind a pointer; without it glibc falls back to
    // clone.
    filter.add(allow, SCMP_SYS(clone), has_bits(0, CLONE_THREAD, CLONE_THREAD));
    filter.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    filter.add(allow, SCMP_SYS(prctl), equals(0, PR_SET_NAME));
    filter.add(allow, SCMP_SYS(tgkill), equals(0, static_cast<scmp_datum_t>(::getpid())));  // abort()
    filter.add(allow, SCMP_SYS(prlimit64), equals(0, 0), equals(2, 0));                     // reading only
}

}  // namespace

Result<void, std::string> install_syscall_filter() {
    Filter filter;
    for (const int call : allowed) filter.add(SCMP_ACT_ALLOW, call);
    for (const int call : for_sanitizers) filter.add(SCMP_ACT_ALLOW, call);
    for (const int call : deadly) filter.add(SCMP_ACT_KILL_PROCESS, call);
    for (const int call : file_calls) filter.add(SCMP_ACT_ERRNO(EACCES), call);
    add_conditional_rules(filter);
    const int result = filter.load();
    if (result != 0) return Fail(std::string("load system call filter: ") + std::strerror(-result));
    return {};
}

}  // namespace darkroom::imaging
