#include "cli/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/unique_fd.h"

namespace darkroom::cli {

Result<InputFile, InputProblem> inspect_file(const std::string& path) {
    // Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) {
        const int error = errno;
        if (error == ENOENT || error == ENOTDIR) return Fail(InputProblem{"file_missing", "does not exist"});
        return Fail(
            InputProblem{"file_unreadable", "cannot be read: " + std::generic_category().message(error)});
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return Fail(
            InputProblem{"file_unreadable", "cannot be read: " + std::generic_category().message(errno)});
    }
    if (S_ISDIR(status.st_mode))
        return Fail(InputProblem{"file_is_folder", "is a folder; name the pictures in it"});
    if (!S_ISREG(status.st_mode))
        return Fail(InputProblem{"file_not_regular", "is not a file that can be sent"});
    if (status.st_size == 0) return Fail(InputProblem{"file_empty", "is empty"});
    return InputFile{path, static_cast<std::uint64_t>(status.st_size), {status.st_dev, status.st_ino}};
}

}  // namespace darkroom::cli
