#include "imaging/pool/input_file.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <span>

#include "base/digest.h"
#include "base/log.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;

JobError explain(const ports::ObjectError& error) {
    if (error.kind == ports::ObjectErrorKind::missing) return plain_error(ErrorCode::input_missing);
    if (error.kind == ports::ObjectErrorKind::changed) return plain_error(ErrorCode::input_changed);
    log::warning("input not readable", {{"detail", error.detail}});
    return plain_error(ErrorCode::storage_unavailable);
}

JobError explain_write(int error) {
    return plain_error(error == ENOSPC || error == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal);
}

bool write_all(int file, std::span<const char> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

Result<UniqueFd, JobError> copy_of(ports::ObjectReader& reader, const std::string& sha256,
                                   const std::filesystem::path& folder) {
    UniqueFd copy(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!copy) return Fail(explain_write(errno));
    Sha256 digest;
    std::array<char, 65'536> buffer{};
    for (;;) {
        const auto bytes = reader.read(buffer);
        if (!bytes) return Fail(explain(bytes.error()));
        if (*bytes == 0) {
            if (!sha256.empty() && to_hex(digest.finish()) != sha256)
                return Fail(plain_error(ErrorCode::input_changed));
            return copy;
        }
        digest.update({buffer.data(), *bytes});
        if (!write_all(copy.get(), std::span(buffer).first(*bytes))) return Fail(explain_write(errno));
    }
}

}  // namespace

Result<InputFile, JobError> InputFile::open(ports::ObjectStore& objects, const core::InputImage& image,
                                            const std::filesystem::path& folder) {
    auto reader = objects.open(image.key, {.offset = 0, .length = {}, .version = image.version});
    if (!reader) return Fail(explain(reader.error()));
    InputFile file;
    file.reader_ = *std::move(reader);
    if (image.bytes != 0 && file.reader_->bytes() != image.bytes)
        return Fail(plain_error(ErrorCode::input_changed));
    if (file.reader_->fd() >= 0) return file;
    auto copy = copy_of(*file.reader_, image.sha256, folder);
    if (!copy) return Fail(copy.error());
    file.copy_ = *std::move(copy);
    return file;
}

}  // namespace darkroom::imaging
