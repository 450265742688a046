// What the kernel knows about another process: memory, processor time, children.
#pragma once
#include <sys/types.h>

#include <vector>

namespace darkroom::bench {

/// In MiB. `anonymous` is the process's own; `file` are pages of programs and libraries, shared with others.
struct Memory {
    double resident = 0;
    double anonymous = 0;
    double file = 0;
};

/// Zeros if the process is gone.
Memory memory_of(pid_t process);

/// User and system time since it began, all threads, in seconds.
double cpu_seconds_of(pid_t process);

/// Descriptors it holds, sockets among them.
int open_files_of(pid_t process);

std::vector<pid_t> children_of(pid_t process);

}  // namespace darkroom::bench
