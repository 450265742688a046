#include "objects/files/temp_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "objects/files/file_error.h"

namespace darkroom::objects {

Result<TempFile, ports::ObjectError> TempFile::create(int folder, std::string name) {
    UniqueFd file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) {
        auto failure = file_error(errno, "create the temporary file", name);
        // Not a missing object: the folder for new files was taken away.
        if (failure.kind == ports::ObjectErrorKind::missing)
            failure.kind = ports::ObjectErrorKind::misconfigured;
        return Fail(std::move(failure));
    }
    return TempFile(folder, std::move(name), std::move(file));
}

TempFile::~TempFile() {
    if (file_)
        (void)::unlinkat(folder_, name_.c_str(), 0);  // what stays after all is removed at the next start
}

Result<void, ports::ObjectError> TempFile::write(std::string_view bytes) {
    sha256_.update(bytes);
    bytes_ += bytes.size();
    while (!bytes.empty()) {
        const auto written = ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Fail(file_error(errno, "write", name_));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<ports::ObjectInfo, ports::ObjectError> TempFile::finish() {
    // Not tried again: after a failed fsync the kernel has dropped the pages, and a second one would lie.
    if (::fsync(file_.get()) != 0) return Fail(file_error(errno, "sync", name_));
    ports::ObjectInfo info;
    info.bytes = bytes_;
    info.sha256 = to_hex(sha256_.finish());
    return info;
}

}  // namespace darkroom::objects
