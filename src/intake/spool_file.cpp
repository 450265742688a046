#include "intake/spool_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/ids.h"

namespace darkroom::intake {
namespace {

ports::ObjectError spool_error(int error) {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    return {full ? ports::ObjectErrorKind::full : ports::ObjectErrorKind::unavailable,
            std::string("a picture that comes in could not be written down: ") + std::strerror(error)};
}

}  // namespace

Result<SpoolFile, ports::ObjectError> SpoolFile::create(const std::filesystem::path& folder,
                                                        ports::Random& random) {
    auto path = folder / ("intake-" + random.id<UploadId>().str());
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return Fail(spool_error(errno));
    return SpoolFile(std::move(path), std::move(file));
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      file_(std::move(other.file_)),
      digest_(std::move(other.digest_)),
      bytes_(other.bytes_) {}

SpoolFile::~SpoolFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

ports::ObjectResult<void> SpoolFile::write(std::string_view piece) {
    digest_.update(piece);
    bytes_ += piece.size();
    while (!piece.empty()) {
        const auto written = ::write(file_.get(), piece.data(), piece.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Fail(spool_error(errno));
        piece.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

std::string SpoolFile::finish() { return to_hex(digest_.finish()); }

}  // namespace darkroom::intake
