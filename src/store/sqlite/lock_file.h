// Keeps a second Darkroom away from the same database: a file beside it, locked for as long as this object
// lives. The lock goes with the process, however it ends; the process id inside is only for the message that
// the second one prints.
#pragma once
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ports/job_store.h"

namespace darkroom::store {

class LockFile {
public:
    /// Fails at once, with the other's process id, if another open file holds the lock, in this process or in
    /// any other. `what` it keeps others from, as it is called in the error.
    static ports::StoreResult<LockFile> take(const std::string& path,
                                             const std::string& what = "the database");

private:
    explicit LockFile(UniqueFd file) : file_(std::move(file)) {}

    UniqueFd file_;
};

}  // namespace darkroom::store
