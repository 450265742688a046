// An object store whose calls and bytes are counted. Bytes that clients move by presigned links do not pass
// here and are not counted.
#pragma once
#include <memory>
#include <string>

#include "ports/clock.h"
#include "ports/meters.h"
#include "ports/object_store.h"

namespace darkroom::metrics {

class MeteredObjectStore final : public ports::ObjectStore {
public:
    /// `name` in a word: main, volume. The references outlive it and every reader it
    /// gives out.
    MeteredObjectStore(std::unique_ptr<ports::ObjectStore> behind, std::string name, ports::Meters& meters,
                       const ports::Clock& clock);

    ports::ObjectStoreCapabilities capabilities() const override { return behind_->capabilities(); }
    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey& key,
                                               ports::ByteSource& source) override;
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey& key,
                                                    const std::filesystem::path& file) override;
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override;
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey& key) override;
    ports::ObjectResult<ports::ObjectInfo> copy(const core::ObjectKey& from,
                                                const core::ObjectKey& to) override;
    ports::ObjectResult<void> remove(const core::ObjectKey& key) override;
    ports::ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override;
    ports::ObjectResult<ports::ObjectPage> list(std::string_view prefix, const std::string& page,
                                                int count_max) override;
    ports::ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) override;
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override {
        return behind_->presign_get(key, what);
    }
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override {
        return behind_->presign_put(key, what);
    }

private:
    class Reader;
    template <class Ask>
    auto metered(std::string_view op, const Ask& ask) -> decltype(ask());

    const std::unique_ptr<ports::ObjectStore> behind_;
    const std::string name_;
    ports::Meters& meters_;
    const ports::Clock& clock_;
};

}  // namespace darkroom::metrics
