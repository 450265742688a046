// Who runs, read from /proc: to find children that nobody waited for, and processes that outlive their
// server.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace darkroom::testing {

struct ProcessEntry {
    pid_t pid = 0;
    pid_t parent = 0;
    char state = '?';  // Z = ended, and nobody has asked how
    std::string name;
};

std::vector<ProcessEntry> running_processes();
/// Children of `pid` and theirs, without those that have ended.
std::vector<pid_t> descendants_of(pid_t pid);
/// Children of `pid` that have ended and were never waited for.
std::vector<ProcessEntry> zombies_of(pid_t pid);

/// While it lives, processes whose parent dies become children of this one instead of init's, so that a test
/// can tell which of them are left.
class Orphanage {
public:
    Orphanage();
    ~Orphanage();
    /// Waits for the orphans that have ended; those that still run.
    std::vector<ProcessEntry> still_running(const std::vector<pid_t>& expected) const;
};

}  // namespace darkroom::testing
