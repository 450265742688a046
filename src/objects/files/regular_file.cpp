#include "objects/files/regular_file.h"

#include <fcntl.h>

#include <cerrno>

namespace darkroom::objects {

OpenFile open_regular(int folder, const char* name) {
    OpenFile opened;
    opened.file.reset(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!opened.file || ::fstat(opened.file.get(), &opened.status) != 0) {
        opened.error = errno;
    } else if (!S_ISREG(opened.status.st_mode)) {
        opened.error = EISDIR;
    }
    return opened;
}

std::string version_of(const struct stat& status) {
    return std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
           std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

ports::ObjectInfo info_of(const struct stat& status) {
    return {.bytes = static_cast<std::uint64_t>(status.st_size),
            .sha256 = "",
            .version = version_of(status),
            .modified_at = modified_at(status)};
}

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool same_state(const struct stat& a, const struct stat& b) {
    return same_file(a, b) && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
           a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

TimePoint modified_at(const struct stat& status) {
    return from_unix_ms(std::int64_t{status.st_mtim.tv_sec} * 1'000 + status.st_mtim.tv_nsec / 1'000'000);
}

}  // namespace darkroom::objects
