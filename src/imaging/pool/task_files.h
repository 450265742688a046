// The files of one task in the pool's folder, named by the gateway, gone with the object unless they were
// given away.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "imaging/wire/messages.h"

namespace darkroom::imaging {

/// Makes `folder` if it is missing, readable by its owner alone, and removes what an earlier process left in
/// it. What was not made by this family is left alone. The error is for the operator.
Result<void, std::string> prepare_work_folder(const std::filesystem::path& folder);

class TaskFiles {
public:
    /// Makes an empty file for each output; fails with errno. `number` is unique within this
    /// process.
    static Result<TaskFiles, int> make(const std::filesystem::path& folder, std::uint64_t number);
    TaskFiles(TaskFiles&&) = default;
    TaskFiles& operator=(TaskFiles&&) = delete;
    ~TaskFiles();

    int fd(RequestFile file) const { return fds_[file].get(); }
    std::uint64_t bytes(RequestFile file) const;
    /// From now on the file is the caller's to remove.
    std::filesystem::path give_away(RequestFile file);

private:
    TaskFiles() = default;
    std::array<std::filesystem::path, request_file_count> paths_;
    std::array<UniqueFd, request_file_count> fds_;
};

/// main -> main_file and so on; roles are checked when an answer is parsed.
RequestFile file_of_role(std::string_view role);

}  // namespace darkroom::imaging
