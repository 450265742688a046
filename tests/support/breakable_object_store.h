// An object store that works like the one behind it until the test breaks it.
#pragma once
#include <mutex>
#include <optional>

#include "ports/object_store_around.h"

namespace darkroom::testing {

class BreakableObjectStore : public ports::ObjectStoreAround {
public:
    explicit BreakableObjectStore(ports::ObjectStore& behind) : ObjectStoreAround(behind) {}

    /// From now on every call fails so.
    void break_with(ports::ObjectErrorKind kind) { set(kind, kind); }
    /// Only what writes fails; asking and reading work.
    void break_writes_with(ports::ObjectErrorKind kind) { set(std::nullopt, kind); }
    void mend() { set(std::nullopt, std::nullopt); }
    int refused_writes() const {
        const std::lock_guard lock(mutex_);
        return refused_writes_;
    }

private:
    void set(std::optional<ports::ObjectErrorKind> reads, std::optional<ports::ObjectErrorKind> writes) {
        const std::lock_guard lock(mutex_);
        reads_ = reads;
        writes_ = writes;
    }
    std::optional<ports::ObjectError> around(ports::ObjectCall call, const Ask& ask) override {
        using ports::ObjectCall;
        const bool reads = call == ObjectCall::open || call == ObjectCall::head || call == ObjectCall::list;
        if (const auto kind = broken(reads)) return ports::ObjectError{*kind, "broken by the test"};
        (void)ask();
        return std::nullopt;
    }
    std::optional<ports::ObjectErrorKind> broken(bool reads) {
        const std::lock_guard lock(mutex_);
        if (!reads && writes_) ++refused_writes_;
        return reads ? reads_ : writes_;
    }

    mutable std::mutex mutex_;
    std::optional<ports::ObjectErrorKind> reads_;
    std::optional<ports::ObjectErrorKind> writes_;
    int refused_writes_ = 0;
};

}  // namespace darkroom::testing
