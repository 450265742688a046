// A picture on this machine, looked at before anything is sent. Its bytes are not judged here: that is the
// server's part.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"

namespace darkroom::cli {

/// Which file it is, whatever path led there.
using FileIdentity = std::pair<dev_t, ino_t>;

struct InputFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    FileIdentity identity{};
};

struct InputProblem {
    std::string code;     // file_missing, file_unreadable, file_empty, file_is_folder, file_not_regular
    std::string message;  // a sentence without the name
};

Result<InputFile, InputProblem> inspect_file(const std::string& path);

}  // namespace darkroom::cli
