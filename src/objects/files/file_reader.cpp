#include "objects/files/file_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "objects/files/file_error.h"

namespace darkroom::objects {

Result<std::size_t, ports::ObjectError> FileReader::read(std::span<char> buffer) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), end_ - at_));
    if (wanted == 0) return std::size_t{0};
    ssize_t got = 0;
    do {
        got = ::pread(file_.get(), buffer.data(), wanted, static_cast<off_t>(at_));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Fail(file_error(errno, "read", name_));
    if (got == 0) {
        return Fail(ports::ObjectError{
            ports::ObjectErrorKind::unavailable,
            name_ + " ended after " + std::to_string(at_) + " of " + std::to_string(bytes_) + " bytes"});
    }
    at_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
}

}  // namespace darkroom::objects
