#include "objects/guard/guarded_object_store.h"

#include <algorithm>

namespace darkroom::objects {
namespace {

using ports::ObjectCall;
using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectResult;

}  // namespace

// What breaks off while it is read raises the same doubt. One read waits no longer than the store's own time
// limit between two pieces, so reads are not counted.
class GuardedObjectStore::Reader final : public ports::ObjectReader {
public:
    Reader(std::unique_ptr<ports::ObjectReader> behind, const StorageSignals& signals)
        : behind_(std::move(behind)), signals_(signals) {}

    std::uint64_t bytes() const override { return behind_->bytes(); }
    int fd() const override { return behind_->fd(); }
    ObjectResult<std::size_t> read(std::span<char> buffer) override {
        auto read = behind_->read(buffer);
        if (!read && read.error().kind == ObjectErrorKind::unavailable) signals_.doubt();
        return read;
    }

private:
    std::unique_ptr<ports::ObjectReader> behind_;
    const StorageSignals signals_;  // of its own: a reader may outlive the store
};

GuardedObjectStore::GuardedObjectStore(ports::ObjectStore& behind, StorageSignals signals,
                                       const ports::Clock& clock, const GuardLimits& limits)
    : ObjectStoreAround(behind), signals_(std::move(signals)), clock_(clock), limits_(limits) {}

// Slow is not silent: as long as any call is answered, those that take long are large.
bool GuardedObjectStore::waits_in_vain(Instant now) const {
    if (answered_at_ + limits_.quick_patience > now) return false;
    const auto overdue =
        std::count_if(under_way_.begin(), under_way_.end(), [&](Instant then) { return then <= now; });
    return overdue >= limits_.overdue_max;
}

std::optional<ObjectError> GuardedObjectStore::enter(Milliseconds patience, Overdues::iterator& place) {
    if (auto trouble = signals_.trouble())
        return ObjectError{ObjectErrorKind::unavailable,
                           "not asked, it is in trouble: " + *std::move(trouble)};
    const Instant now = clock_.monotonic();
    bool in_vain = false;
    {
        const std::lock_guard lock(mutex_);
        in_vain = waits_in_vain(now);
        if (in_vain && now < try_again_at_)
            return ObjectError{ObjectErrorKind::unavailable, "not asked, calls wait for its answer in vain"};
        if (in_vain) try_again_at_ = now + limits_.between_tries;
        place = under_way_.insert(under_way_.end(), now + patience);
    }
    // Not by those who are refused: there may be many, and one look at a time is enough.
    if (in_vain) signals_.doubt();
    return std::nullopt;
}

void GuardedObjectStore::leave(Overdues::iterator place, const std::optional<ObjectErrorKind>& error) {
    {
        const std::lock_guard lock(mutex_);
        under_way_.erase(place);
        if (error != ObjectErrorKind::unavailable) answered_at_ = clock_.monotonic();
    }
    if (error == ObjectErrorKind::unavailable) signals_.doubt();
}

Milliseconds GuardedObjectStore::patience_of(ObjectCall call) const {
    switch (call) {
        case ObjectCall::put:
        case ObjectCall::copy:
        case ObjectCall::remove_many:
        case ObjectCall::remove_unfinished:
            return limits_.bytes_patience;
        case ObjectCall::open:
        case ObjectCall::head:
        case ObjectCall::remove:
        case ObjectCall::list:
            break;
    }
    return limits_.quick_patience;
}

std::optional<ObjectError> GuardedObjectStore::around(ObjectCall call, const Ask& ask) {
    Overdues::iterator place;
    if (auto refused = enter(patience_of(call), place)) return refused;
    leave(place, ask());
    return std::nullopt;
}

ObjectResult<std::unique_ptr<ports::ObjectReader>> GuardedObjectStore::open(
    const core::ObjectKey& key, const ports::OpenOptions& options) {
    auto opened = ObjectStoreAround::open(key, options);
    if (!opened) return opened;
    return std::unique_ptr<ports::ObjectReader>(std::make_unique<Reader>(*std::move(opened), signals_));
}

}  // namespace darkroom::objects
