#include "imaging/pool/model_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/digest.h"
#include "base/log.h"

namespace darkroom::imaging {
namespace {

constexpr std::size_t remembered_max = 64;

Failure<core::JobError> unavailable(const std::filesystem::path& file, const char* why) {
    log::error("a network cannot be used", {{"file", file.string()}, {"reason", why}});
    return Fail(core::JobError{core::ErrorCode::model_unavailable,
                               "The network of this recipe is not there, or is another one than it names."});
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

std::optional<std::string> digest_of(int file) {
    Sha256 digest;
    std::array<char, 65'536> buffer{};
    for (off_t at = 0;;) {
        const ssize_t bytes = ::pread(file, buffer.data(), buffer.size(), at);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return std::nullopt;
        if (bytes == 0) return to_hex(digest.finish());
        digest.update({buffer.data(), static_cast<std::size_t>(bytes)});
        at += bytes;
    }
}

}  // namespace

std::optional<ModelFiles::Seen> ModelFiles::look_at(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return Seen{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
                nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

Result<UniqueFd, core::JobError> ModelFiles::open(const std::filesystem::path& file,
                                                  const std::string& sha256) {
    UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened) return unavailable(file, "it cannot be opened");
    const auto seen = look_at(opened.get());
    if (!seen) return unavailable(file, "it is no regular file");
    if (seen->bytes == 0 || seen->bytes > bytes_max) return unavailable(file, "its size is out of bounds");
    std::string digest;
    {
        const std::lock_guard lock(mutex_);
        if (const auto known = digests_.find(*seen); known != digests_.end()) digest = known->second;
    }
    if (digest.empty()) {
        auto read = digest_of(opened.get());
        // Somebody may have written while it was read.
        if (!read || look_at(opened.get()) != seen) return unavailable(file, "it cannot be read");
        digest = *std::move(read);
        const std::lock_guard lock(mutex_);
        if (digests_.size() >= remembered_max) digests_.clear();
        digests_[*seen] = digest;
    }
    if (digest != sha256) return unavailable(file, "its SHA-256 is not the recipe's");
    return opened;
}

}  // namespace darkroom::imaging
