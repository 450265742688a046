#include "objects/files/file_object_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/digest.h"
#include "objects/files/beneath.h"
#include "objects/files/file_error.h"
#include "objects/files/file_list.h"
#include "objects/files/file_reader.h"
#include "objects/files/regular_file.h"
#include "objects/files/temp_file.h"

namespace darkroom::objects {
namespace {

using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectInfo;

// On the heap: handler threads have small stacks.
constexpr std::size_t copy_buffer_bytes = std::size_t{128} * 1024;

constexpr std::array folders_in_root = {"uploaded", "restored", "thumbnails"};  // others are made on demand
constexpr const char* temporary_folder = ".tmp";

ObjectError changed_meanwhile(const std::filesystem::path& file) {
    return {ObjectErrorKind::unavailable, file.string() + " changed while it was being stored"};
}

class ReaderSource : public ports::ByteSource {
public:
    explicit ReaderSource(ports::ObjectReader& reader) : reader_(reader) {}
    Result<std::size_t, ObjectError> read(std::span<char> buffer) override { return reader_.read(buffer); }

private:
    ports::ObjectReader& reader_;
};

// All at once, because one sync for each would be most of what a first start costs. What cannot be made is
// noticed when it is opened.
int make_folders(int root) {
    bool any = false;
    for (const char* name : folders_in_root) any |= ::mkdirat(root, name, 0700) == 0;
    any |= ::mkdirat(root, temporary_folder, 0700) == 0;
    return any ? ::fsync(root) : 0;
}

// A process that was killed leaves its unfinished files behind; nothing else is ever put there.
void empty_folder(const std::filesystem::path& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        std::filesystem::remove_all(entry.path(), ignored);
    }
}

}  // namespace

Result<std::unique_ptr<FileObjectStore>, ObjectError> FileObjectStore::open(
    const std::filesystem::path& root) {
    std::error_code error;
    const bool made = std::filesystem::create_directories(root, error);
    if (error) return Fail(file_error(error.value(), "make the folder", root.string()));
    UniqueFd folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return Fail(file_error(errno, "open the folder", root.string()));
    if (made && ::fchmod(folder.get(), 0700) != 0)
        return Fail(file_error(errno, "protect the folder", root.string()));

    if (make_folders(folder.get()) != 0) return Fail(file_error(errno, "sync the folder", root.string()));
    for (const char* name : folders_in_root) {
        if (!open_folder(folder.get(), name, Missing::is_made)) {
            return Fail(file_error(errno, "make the folder", (root / name).string()));
        }
    }
    UniqueFd temporary = open_folder(folder.get(), temporary_folder, Missing::is_made);
    if (!temporary) return Fail(file_error(errno, "make the folder", (root / temporary_folder).string()));
    empty_folder(root / temporary_folder);
    if (::faccessat(temporary.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
        return Fail(file_error(errno, "write to the folder", (root / temporary_folder).string()));
    }
    return std::unique_ptr<FileObjectStore>(new FileObjectStore(std::move(folder), std::move(temporary)));
}

Result<ObjectInfo, ObjectError> FileObjectStore::put(const core::ObjectKey& key, ports::ByteSource& source) {
    auto temporary = TempFile::create(temporary_.get(), std::to_string(next_temporary_.fetch_add(1)));
    if (!temporary) return Fail(std::move(temporary).error());
    std::vector<char> buffer(copy_buffer_bytes);
    for (;;) {
        const auto got = source.read(buffer);
        if (!got) return Fail(got.error());
        if (*got == 0) break;
        if (auto written = temporary->write({buffer.data(), *got}); !written)
            return Fail(std::move(written).error());
    }
    auto info = temporary->finish();
    if (!info) return info;
    struct stat status {};
    if (::fstatat(temporary->folder(), temporary->name().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return Fail(file_error(errno, "look at", key.str()));
    info->version = version_of(status);
    auto visible = publish(key, temporary->folder(), temporary->name().c_str());
    if (!visible) return Fail(std::move(visible).error());
    temporary->published();
    return info;
}

Result<void, ObjectError> FileObjectStore::publish(const core::ObjectKey& key, int from_folder,
                                                   const char* from_name) {
    // remove() takes away a job's empty folder; if that falls between making the folder and the rename, it is
    // made again.
    constexpr int tries_max = 16;
    int error = 0;
    for (int tries = 0; tries < tries_max; ++tries) {
        const Place to = place_of(root_.get(), key.str(), Missing::is_made);
        error = to.error;
        if (to.folder) {
            if (::renameat(from_folder, from_name, to.folder.get(), to.name.c_str()) == 0) {
                if (::fsync(to.folder.get()) == 0) return {};
                // Visible, but perhaps not after a power cut. It stays, as the object before it is gone
                // already; putting the same again is the cure.
                return Fail(file_error(errno, "sync the folder of", key.str()));
            }
            error = errno;
        }
        if (error != ENOENT) break;
    }
    auto failure = absent(error, "store", key);
    if (failure.kind == ObjectErrorKind::missing)
        failure.kind = ObjectErrorKind::unavailable;  // lost the race each time
    return Fail(std::move(failure));
}

Result<ObjectInfo, ObjectError> FileObjectStore::put_file(const core::ObjectKey& key,
                                                          const std::filesystem::path& file) {
    auto opened = open_regular(AT_FDCWD, file.c_str());
    if (opened.error != 0) return Fail(file_error(opened.error, "open", file.string()));
    struct stat folder {};
    if (::fstat(temporary_.get(), &folder) != 0) return Fail(file_error(errno, "look at", ".tmp"));
    if (folder.st_dev == opened.status.st_dev) return adopt(key, opened.file.get(), file);

    const auto bytes = static_cast<std::uint64_t>(opened.status.st_size);
    FileReader reader(std::move(opened.file), bytes, 0, bytes, file.string());
    ReaderSource source(reader);
    auto info = put(key, source);
    if (info) (void)::unlink(file.c_str());  // stored; what is left is the caller's folder to clean
    return info;
}

Result<ObjectInfo, ObjectError> FileObjectStore::adopt(const core::ObjectKey& key, int file,
                                                       const std::filesystem::path& path) {
    struct stat before {};
    if (::fstat(file, &before) != 0) return Fail(file_error(errno, "look at", path.string()));
    Sha256 sha256;
    std::vector<char> buffer(copy_buffer_bytes);
    std::uint64_t bytes = 0;
    for (;;) {
        const auto got = ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(bytes));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Fail(file_error(errno, "read", path.string()));
        if (got == 0) break;
        sha256.update({buffer.data(), static_cast<std::size_t>(got)});
        bytes += static_cast<std::uint64_t>(got);
    }
    if (::fsync(file) != 0) return Fail(file_error(errno, "sync", path.string()));
    (void)::fchmod(file, 0600);  // the root keeps others out already

    // The name must still mean the file that was hashed, and that file must still be what it was.
    struct stat after {};
    struct stat named {};
    if (::fstat(file, &after) != 0 || ::lstat(path.c_str(), &named) != 0) {
        return Fail(file_error(errno, "look at", path.string()));
    }
    if (!same_state(before, after) || !same_file(named, after)) return Fail(changed_meanwhile(path));
    auto visible = publish(key, AT_FDCWD, path.c_str());
    if (!visible) return Fail(std::move(visible).error());
    return ObjectInfo{
        .bytes = bytes, .sha256 = to_hex(sha256.finish()), .version = version_of(after), .modified_at = {}};
}

Result<std::unique_ptr<ports::ObjectReader>, ObjectError> FileObjectStore::open(
    const core::ObjectKey& key, const ports::OpenOptions& options) {
    const Place at = place_of(root_.get(), key.str(), Missing::stays);
    if (!at.folder) return Fail(absent(at.error, "open", key));
    auto opened = open_regular(at.folder.get(), at.name.c_str());
    if (opened.error != 0) return Fail(absent(opened.error, "open", key));
    if (!options.version.empty() && options.version != version_of(opened.status)) {
        return Fail(ObjectError{ObjectErrorKind::changed, key.str() + " is not the version asked for"});
    }
    const auto bytes = static_cast<std::uint64_t>(opened.status.st_size);
    const auto first = std::min(options.offset, bytes);
    const auto length = std::min(options.length.value_or(bytes), bytes - first);
    return std::unique_ptr<ports::ObjectReader>(
        std::make_unique<FileReader>(std::move(opened.file), bytes, first, length, key.str()));
}

Result<ObjectInfo, ObjectError> FileObjectStore::head(const core::ObjectKey& key) {
    const Place at = place_of(root_.get(), key.str(), Missing::stays);
    if (!at.folder) return Fail(absent(at.error, "look at", key));
    struct stat status {};
    if (::fstatat(at.folder.get(), at.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return Fail(absent(errno, "look at", key));
    }
    if (!S_ISREG(status.st_mode)) return Fail(file_error(EISDIR, "look at", key.str()));
    return info_of(status);
}

Result<ObjectInfo, ObjectError> FileObjectStore::copy(const core::ObjectKey& from,
                                                      const core::ObjectKey& to) {
    const auto reader = open(from, {});
    if (!reader) return Fail(reader.error());
    ReaderSource source(**reader);
    auto info = put(to, source);
    if (info) info->sha256.clear();  // as a store that copies by itself, which reads nothing
    return info;
}

Result<void, ObjectError> FileObjectStore::remove(const core::ObjectKey& key) {
    const Place at = place_of(root_.get(), key.str(), Missing::stays);
    int error = at.error;
    if (at.folder) error = ::unlinkat(at.folder.get(), at.name.c_str(), 0) == 0 ? 0 : errno;
    if (error == ENOENT && absent(error, "remove", key).kind == ObjectErrorKind::missing) return {};
    if (error != 0) return Fail(absent(error, "remove", key));
    if (::fsync(at.folder.get()) != 0) return Fail(file_error(errno, "sync the folder of", key.str()));

    const auto folder = key.str().substr(0, key.str().rfind('/'));
    if (folder.starts_with("restored/")) {
        // Fails while the job has other outputs, which is what is wanted. Not synced: an empty folder that
        // comes back after a power cut holds nothing.
        const Place job = place_of(root_.get(), folder, Missing::stays);
        if (job.folder) (void)::unlinkat(job.folder.get(), job.name.c_str(), AT_REMOVEDIR);
    }
    return {};
}

Result<void, ObjectError> FileObjectStore::remove_many(std::span<const core::ObjectKey> keys) {
    Result<void, ObjectError> outcome;
    for (const auto& key : keys) {
        if (auto removed = remove(key); !removed && outcome) outcome = std::move(removed);
    }
    return outcome;
}

Result<ports::ObjectPage, ObjectError> FileObjectStore::list(std::string_view prefix, const std::string& page,
                                                             int count_max) {
    return list_files(root_.get(), prefix, page, count_max);
}

Result<int, ObjectError> FileObjectStore::remove_unfinished(TimePoint, bool) { return 0; }

ports::PresignedRequest FileObjectStore::presign_get(const core::ObjectKey&, const ports::PresignGet&) const {
    DR_CHECK(!"a folder presigns nothing");
    return {};
}

ports::PresignedRequest FileObjectStore::presign_put(const core::ObjectKey&, const ports::PresignPut&) const {
    DR_CHECK(!"a folder presigns nothing");
    return {};
}

ObjectError FileObjectStore::absent(int error, std::string_view doing, const core::ObjectKey& key) const {
    auto failure = file_error(error, doing, key.str());
    struct stat root {};
    if (error == ENOENT && (::fstat(root_.get(), &root) != 0 || root.st_nlink == 0)) {
        failure.kind = ObjectErrorKind::misconfigured;
        failure.detail += " (the store's folder was removed)";
    }
    return failure;
}

}  // namespace darkroom::objects
