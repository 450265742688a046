// An object store around another one. Every call that asks the one behind passes one place, around(): who
// counts calls, refuses or breaks them says so there, and overrides no more than what it does differently.
#pragma once
#include <functional>

#include "ports/object_store.h"

namespace darkroom::ports {

enum class ObjectCall { put, open, head, copy, remove, remove_many, list, remove_unfinished };

class ObjectStoreAround : public ObjectStore {
public:
    /// `behind` outlives the calls.
    explicit ObjectStoreAround(ObjectStore& behind) : behind_(behind) {}

    ObjectStoreCapabilities capabilities() const override { return behind_.capabilities(); }
    ObjectResult<ObjectInfo> put(const core::ObjectKey& key, ByteSource& source) override;
    ObjectResult<ObjectInfo> put_file(const core::ObjectKey& key, const std::filesystem::path& file) override;
    ObjectResult<std::unique_ptr<ObjectReader>> open(const core::ObjectKey& key,
                                                     const OpenOptions& options = {}) override;
    ObjectResult<ObjectInfo> head(const core::ObjectKey& key) override;
    ObjectResult<ObjectInfo> copy(const core::ObjectKey& from, const core::ObjectKey& to) override;
    ObjectResult<void> remove(const core::ObjectKey& key) override;
    ObjectResult<void> remove_many(std::span<const core::ObjectKey> keys) override;
    ObjectResult<ObjectPage> list(std::string_view prefix, const std::string& page, int count_max) override;
    ObjectResult<int> remove_unfinished(TimePoint begun_before, bool dry_run) override;
    /// No request is made, so these two do not pass around().
    PresignedRequest presign_get(const core::ObjectKey& key, const PresignGet& what) const override {
        return behind_.presign_get(key, what);
    }
    PresignedRequest presign_put(const core::ObjectKey& key, const PresignPut& what) const override {
        return behind_.presign_put(key, what);
    }

protected:
    /// Makes the call; what went wrong, if anything did.
    using Ask = std::function<std::optional<ObjectErrorKind>()>;
    /// Asks once, and the caller gets what the one behind answered. Or does not ask and returns what the
    /// caller is told instead.
    virtual std::optional<ObjectError> around(ObjectCall call, const Ask& ask) = 0;

private:
    template <class T, class Call>
    ObjectResult<T> through(ObjectCall call, const Call& make);

    ObjectStore& behind_;
};

}  // namespace darkroom::ports
