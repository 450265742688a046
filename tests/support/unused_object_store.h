// An object store that nothing is asked of: a base for fakes that play one or two of the functions.
#pragma once
#include "ports/object_store.h"

namespace darkroom::testing {

class UnusedObjectStore : public ports::ObjectStore {
public:
    ports::ObjectStoreCapabilities capabilities() const override { return {}; }
    ports::ObjectResult<ports::ObjectInfo> put(const core::ObjectKey&, ports::ByteSource&) override {
        return refused();
    }
    ports::ObjectResult<ports::ObjectInfo> put_file(const core::ObjectKey&,
                                                    const std::filesystem::path&) override {
        return refused();
    }
    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(const core::ObjectKey&,
                                                                   const ports::OpenOptions& = {}) override {
        return refused();
    }
    ports::ObjectResult<ports::ObjectInfo> head(const core::ObjectKey&) override { return refused(); }
    ports::ObjectResult<ports::ObjectInfo> copy(const core::ObjectKey&, const core::ObjectKey&) override {
        return refused();
    }
    ports::ObjectResult<void> remove(const core::ObjectKey&) override { return refused(); }
    ports::ObjectResult<void> remove_many(std::span<const core::ObjectKey>) override { return refused(); }
    ports::ObjectResult<ports::ObjectPage> list(std::string_view, const std::string&, int) override {
        return refused();
    }
    ports::ObjectResult<int> remove_unfinished(TimePoint, bool) override { return refused(); }
    ports::PresignedRequest presign_get(const core::ObjectKey&, const ports::PresignGet&) const override {
        return {};
    }
    ports::PresignedRequest presign_put(const core::ObjectKey&, const ports::PresignPut&) const override {
        return {};
    }

private:
    static Failure<ports::ObjectError> refused() {
        return Fail(ports::ObjectError{ports::ObjectErrorKind::denied, "the test has no such function"});
    }
};

}  // namespace darkroom::testing
