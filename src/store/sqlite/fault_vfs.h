// For tests: SQLite's way to the file system with a switch that makes syncs or writes fail.
#pragma once
#include <atomic>
#include <string>

namespace darkroom::store {

struct Faults {
    std::atomic<bool> sync_fails{false};
    std::atomic<bool> write_fails{false};
    std::atomic<bool> disk_full{false};
    std::atomic<int> syncs{0};  // that succeeded
};

/// Registers the file system on first use; one for the whole process.
Faults& faults();
std::string fault_vfs_name();

}  // namespace darkroom::store
