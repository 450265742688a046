#include "store/sqlite/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/log.h"

namespace darkroom::store {
namespace {

using ports::StoreError;
using ports::StoreErrorKind;

std::string reason_of(int error) { return std::generic_category().message(error); }

std::string holder_in(int file) {
    std::array<char, 32> text{};
    const auto size = ::pread(file, text.data(), text.size(), 0);
    std::string digits;
    for (ssize_t i = 0;
         i < size && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
         ++i) {
        digits.push_back(text[static_cast<std::size_t>(i)]);
    }
    return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

ports::StoreResult<LockFile> LockFile::take(const std::string& path, const std::string& what) {
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file)
        return Fail(StoreError{StoreErrorKind::unavailable, "cannot open " + path + ": " + reason_of(errno)});
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        if (error != EWOULDBLOCK) {
            return Fail(
                StoreError{StoreErrorKind::unavailable, "cannot lock " + path + ": " + reason_of(error)});
        }
        return Fail(StoreError{StoreErrorKind::unavailable,
                               what + " is in use by " + holder_in(file.get()) + ", which holds " + path});
    }
    // On a full disk the id may not get written: the lock holds all the same.
    const auto id = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), id.data(), id.size(), 0) < 0) {
        log::warning("could not note the process id in the lock file",
                     {{"path", path}, {"reason", reason_of(errno)}});
    }
    return LockFile(std::move(file));
}

}  // namespace darkroom::store
