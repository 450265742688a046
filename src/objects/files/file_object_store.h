// The ObjectStore in a folder of this machine.
//
//   <root>/uploaded/…  restored/{job}/…  thumbnails/…    the objects, named by their keys
//   <root>/.tmp/…                                        what is being written
//
// An object is written to .tmp, hashed on the way, synced, and renamed to its name; then the folder is
// synced. So a success is durable, and no reader ever sees half an object. Every file is reached from the
// root's descriptor, one folder at a time, without following symbolic links: nothing outside the root can be
// read or changed through a key. The root belongs to one process at a time (the job store's lock, taken
// first, sees to that): opening the store empties .tmp.
//
// The program ignores SIGXFSZ, so that a file-size limit is an error (full) and not the end of the process.
#pragma once
#include <atomic>
#include <filesystem>
#include <memory>

#include "base/unique_fd.h"
#include "ports/object_store.h"

namespace darkroom::objects {

class FileObjectStore : public ports::ObjectStore {
public:
    /// Makes the root and its folders where they are missing.
    static Result<std::unique_ptr<FileObjectStore>, ports::ObjectError> open(
        const std::filesystem::path& root);

    ports::ObjectStoreCapabilities capabilities() const override {
        return {.opens_files = true, .copies = true};
    }
    Result<ports::ObjectInfo, ports::ObjectError> put(const core::ObjectKey& key,
                                                      ports::ByteSource& source) override;
    /// Renames the file where it lies on the same file system, copies it otherwise; gone after a success
    /// either way.
    Result<ports::ObjectInfo, ports::ObjectError> put_file(const core::ObjectKey& key,
                                                           const std::filesystem::path& file) override;
    Result<std::unique_ptr<ports::ObjectReader>, ports::ObjectError> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override;
    Result<ports::ObjectInfo, ports::ObjectError> head(const core::ObjectKey& key) override;
    Result<ports::ObjectInfo, ports::ObjectError> copy(const core::ObjectKey& from,
                                                       const core::ObjectKey& to) override;
    Result<void, ports::ObjectError> remove(const core::ObjectKey& key) override;
    Result<void, ports::ObjectError> remove_many(std::span<const core::ObjectKey> keys) override;
    Result<ports::ObjectPage, ports::ObjectError> list(std::string_view prefix, const std::string& page,
                                                       int count_max) override;
    /// Always 0: opening the store has removed them.
    Result<int, ports::ObjectError> remove_unfinished(TimePoint begun_before, bool dry_run) override;
    /// A folder cannot presign: asking is a bug.
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override;
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override;

private:
    FileObjectStore(UniqueFd root, UniqueFd temporary)
        : root_(std::move(root)), temporary_(std::move(temporary)) {}

    Result<ports::ObjectInfo, ports::ObjectError> adopt(const core::ObjectKey& key, int file,
                                                        const std::filesystem::path& path);
    Result<void, ports::ObjectError> publish(const core::ObjectKey& key, int from_folder,
                                             const char* from_name);
    /// What a missing object means: nothing special, unless the root itself is gone.
    ports::ObjectError absent(int error, std::string_view doing, const core::ObjectKey& key) const;

    UniqueFd root_;
    UniqueFd temporary_;
    std::atomic<std::uint64_t> next_temporary_{1};
};

}  // namespace darkroom::objects
