// A program that a test starts, watches and ends. It never outlives its test: the kernel kills it when the
// thread that started it goes, and the destructor does so before.
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"

namespace darkroom::testing {

struct ChildPlan {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    /// All of the child's environment but for PATH and what steers sanitizers, which it gets from the test.
    std::map<std::string, std::string> environment;
    std::filesystem::path working_dir;
    std::filesystem::path out_file;  // appended to
    std::filesystem::path err_file;  // appended to
    int in_fd = -1;                  // standard input instead of /dev/null; stays the caller's
    int out_fd = -1;                 // standard output instead of out_file; stays the caller's
};

struct ChildExit {
    int code = -1;   // of exit(), or -1
    int signal = 0;  // that killed it, or 0
};

class ChildProcess {
public:
    /// Started when the constructor returns; a program that cannot be started exits with 127.
    explicit ChildProcess(const ChildPlan& plan);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    pid_t pid() const { return pid_; }
    /// Readable once the child has ended; for poll().
    int ended_fd() const { return ended_.get(); }
    void send_signal(int number) const;
    /// nullopt: it still runs. Asking again after the end gives the same answer.
    std::optional<ChildExit> wait(Milliseconds at_most);

private:
    pid_t pid_ = -1;
    UniqueFd ended_;
    std::optional<ChildExit> exit_;
};

/// What is in a file; empty if it is not there.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace darkroom::testing
