#include "runpod/worker/volume.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/ids.h"

namespace darkroom::runpod::worker {
namespace {

constexpr std::size_t key_bytes_max = 1'024;
constexpr std::size_t part_bytes_max = 200;  // leaves room for the temporary name

VolumeError error_of(int number) {
    switch (number) {
        case ENOENT:
        case ELOOP:
        case ENOTDIR:
        case EISDIR:
            return VolumeError::missing;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return VolumeError::full;
        case ENAMETOOLONG:
        case EINVAL:
            return VolumeError::bad_name;
        default:
            return VolumeError::unavailable;
    }
}

bool is_part(std::string_view part) {
    return !part.empty() && part != "." && part != ".." && part.size() <= part_bytes_max &&
           std::all_of(part.begin(), part.end(), [](char c) {
               return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\';
           });
}

bool is_key(std::string_view key) {
    if (key.empty() || key.size() > key_bytes_max) return false;
    for (std::size_t begin = 0; begin <= key.size();) {
        const auto end = std::min(key.find('/', begin), key.size());
        if (!is_part(key.substr(begin, end - begin))) return false;
        begin = end + 1;
    }
    return key.back() != '/';
}

std::string_view name_in(std::string_view key) {
    const auto slash = key.rfind('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool copy_all(int from, int to) {
    std::array<char, 65'536> buffer{};
    for (;;) {
        const auto bytes = ::read(from, buffer.data(), buffer.size());
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes <= 0) return bytes == 0;
        if (!write_all(to, {buffer.data(), static_cast<std::size_t>(bytes)})) return false;
    }
}

}  // namespace

std::optional<Volume> Volume::open(const std::filesystem::path& root, ports::Random& random) {
    UniqueFd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return std::nullopt;
    return Volume(std::move(folder), random);
}

Result<std::string, VolumeError> Volume::key_of(std::string_view path) {
    for (const std::string_view root : {"/runpod-volume/", "/workspace/"}) {
        if (!path.starts_with(root)) continue;
        const auto key = path.substr(root.size());
        if (!is_key(key)) break;
        return std::string(key);
    }
    return Fail(VolumeError::bad_name);
}

Result<UniqueFd, VolumeError> Volume::folder_of(std::string_view key, bool make) const {
    if (!is_key(key)) return Fail(VolumeError::bad_name);
    UniqueFd folder(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    for (auto slash = key.find('/'); folder && slash != std::string_view::npos; slash = key.find('/')) {
        const std::string part(key.substr(0, slash));
        key.remove_prefix(slash + 1);
        if (make && ::mkdirat(folder.get(), part.c_str(), 0777) != 0 && errno != EEXIST)
            return Fail(error_of(errno));
        folder =
            UniqueFd(::openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    if (!folder) return Fail(error_of(errno));
    return folder;
}

Result<UniqueFd, VolumeError> Volume::open_file(std::string_view key) const {
    const auto folder = folder_of(key, false);
    if (!folder) return Fail(folder.error());
    // A pipe in its place must not hold us, hence O_NONBLOCK; a regular file ignores it.
    UniqueFd file(::openat(folder->get(), std::string(name_in(key)).c_str(),
                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return Fail(error_of(errno));
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0) return Fail(error_of(errno));
    if (!S_ISREG(facts.st_mode)) return Fail(VolumeError::missing);
    return file;
}

Result<std::uint64_t, VolumeError> Volume::bytes_of(std::string_view key) const {
    const auto file = open_file(key);
    if (!file) return Fail(file.error());
    struct stat facts {};
    if (::fstat(file->get(), &facts) != 0) return Fail(error_of(errno));
    return static_cast<std::uint64_t>(facts.st_size);
}

template <class Write>
Result<void, VolumeError> Volume::put(std::string_view key, const Write& write) const {
    const auto folder = folder_of(key, true);
    if (!folder) return Fail(folder.error());
    const std::string name(name_in(key));
    const auto part = "." + name + "." + random_->id<AttemptId>().str().substr(0, 8) + ".part";
    UniqueFd file(
        ::openat(folder->get(), part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!file) return Fail(error_of(errno));
    const bool written = write(file.get()) && ::fsync(file.get()) == 0 &&
                         ::renameat(folder->get(), part.c_str(), folder->get(), name.c_str()) == 0;
    if (written) return {};
    const auto error = error_of(errno);
    ::unlinkat(folder->get(), part.c_str(), 0);
    return Fail(error);
}

Result<void, VolumeError> Volume::put_file(std::string_view key, const std::filesystem::path& from) const {
    const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) return Fail(VolumeError::unavailable);
    return put(key, [&](int file) { return copy_all(source.get(), file); });
}

Result<void, VolumeError> Volume::put_text(std::string_view key, std::string_view text) const {
    return put(key, [&](int file) { return write_all(file, text); });
}

Result<std::string, VolumeError> Volume::read_text(std::string_view key, std::size_t bytes_max) const {
    const auto file = open_file(key);
    if (!file) return Fail(file.error());
    std::string text(bytes_max, '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const auto bytes = ::read(file->get(), text.data() + have, text.size() - have);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return Fail(error_of(errno));
        if (bytes == 0) break;
        have += static_cast<std::size_t>(bytes);
    }
    text.resize(have);
    return text;
}

}  // namespace darkroom::runpod::worker
