// One running pixel process: started, watched, and always reaped. Used by one thread at a time.
#pragma once
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "imaging/pool/pool_options.h"

namespace darkroom::imaging {

/// How a process ended, as the kernel tells it.
struct ChildEnd {
    bool reaped = false;
    int exit_code = -1;  // or
    int signal = 0;
    std::uint64_t resident_bytes_most = 0;
};

class ChildProcess {
public:
    /// Must be called on a thread that lives as long as the process is wanted: the kernel kills it when that
    /// thread ends. The error is for the operator.
    static Result<std::unique_ptr<ChildProcess>, std::string> start(const PoolOptions& options);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    int socket() const { return socket_.get(); }
    pid_t pid() const { return pid_; }
    /// Memory it holds now; 0 if it is gone.
    std::uint64_t resident_bytes() const;
    /// Lets it use this much processor time from now on; afterwards the kernel ends it with SIGXCPU.
    void allow_cpu(Milliseconds limit) const;
    /// Kills it with all its threads and waits for its end. Twice is the same as once.
    ChildEnd kill();
    /// For one that is ending by itself: waits a moment, then kills.
    ChildEnd wait_or_kill(Milliseconds patience);

    int jobs_done = 0;
    bool ready = false;  // has said so

private:
    ChildProcess(pid_t pid, UniqueFd pid_fd, UniqueFd socket)
        : pid_(pid), pid_fd_(std::move(pid_fd)), socket_(std::move(socket)) {}
    ChildEnd reap(Milliseconds patience);

    pid_t pid_;
    UniqueFd pid_fd_;
    UniqueFd socket_;
    ChildEnd end_;
};

/// The program that options name, or the one beside this program.
std::filesystem::path imaging_program(const PoolOptions& options);

}  // namespace darkroom::imaging
