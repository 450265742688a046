// An object store that works like the one behind it until the test breaks it.
#pragma once
#include <mutex>
#include <optional>

#include "ports/object_store.h"

namespace darkroom::testing {

class BreakableObjectStore : public ports::ObjectStore {
public:
    explicit BreakableObjectStore(ports::ObjectStore& behind) : behind_(behind) {}

    /// From now on every call fails so.
    void break_with(ports::ObjectErrorKind kind) { set(kind, kind); }
    /// Only what writes fails; asking and reading work.
    void break_writes_with(ports::ObjectErrorKind kind) { set(std::nullopt, kind); }
    void mend() { set(std::nullopt, std::nullopt); }
    int refused_writes() const {
        const std::lock_guard lock(mutex_);
        return refused_writes_;
    }

    ports::ObjectStoreCapabilities capabilities() const override { return behind_.capabilities(); }
    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey& key,
                                               ports::ByteSource& source) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.put(key, source);
    }
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey& key,
                                                    const std::filesystem::path& file) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.put_file(key, file);
    }
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override {
        if (const auto broken = read_error()) return Fail(*broken);
        return behind_.open(key, options);
    }
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey& key) override {
        if (const auto broken = read_error()) return Fail(*broken);
        return behind_.head(key);
    }
    ports::ObjectResult<ports::ObjectInfo> copy(const core::ObjectKey& from,
                                                const core::ObjectKey& to) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.copy(from, to);
    }
    ports::ObjectResult<void> remove(const core::ObjectKey& key) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.remove(key);
    }
    ports::ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.remove_many(keys);
    }
    ports::ObjectResult<ports::ObjectPage> list(std::string_view prefix, const std::string& page,
                                                int count_max) override {
        if (const auto broken = read_error()) return Fail(*broken);
        return behind_.list(prefix, page, count_max);
    }
    ports::ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) override {
        if (const auto broken = write_error()) return Fail(*broken);
        return behind_.remove_unfinished(begun_before, dry_run);
    }
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override {
        return behind_.presign_get(key, what);
    }
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override {
        return behind_.presign_put(key, what);
    }

private:
    void set(std::optional<ports::ObjectErrorKind> reads, std::optional<ports::ObjectErrorKind> writes) {
        const std::lock_guard lock(mutex_);
        reads_ = reads;
        writes_ = writes;
    }
    static std::optional<ports::ObjectError> as_error(std::optional<ports::ObjectErrorKind> kind) {
        if (!kind) return std::nullopt;
        return ports::ObjectError{*kind, "broken by the test"};
    }
    std::optional<ports::ObjectError> read_error() const {
        const std::lock_guard lock(mutex_);
        return as_error(reads_);
    }
    std::optional<ports::ObjectError> write_error() {
        const std::lock_guard lock(mutex_);
        if (writes_) ++refused_writes_;
        return as_error(writes_);
    }

    ports::ObjectStore& behind_;
    mutable std::mutex mutex_;
    std::optional<ports::ObjectErrorKind> reads_;
    std::optional<ports::ObjectErrorKind> writes_;
    int refused_writes_ = 0;
};

}  // namespace darkroom::testing
