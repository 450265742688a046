#include "objects/guard/guarded_object_store.h"

#include <algorithm>

namespace darkroom::objects {
namespace {

using ports::ObjectError;
using ports::ObjectErrorKind;
using ports::ObjectInfo;
using ports::ObjectResult;

template <class T>
std::optional<ObjectErrorKind> error_of(const ObjectResult<T>& result) {
    if (result) return std::nullopt;
    return result.error().kind;
}

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
        if (error_of(read) == ObjectErrorKind::unavailable) signals_.doubt();
        return read;
    }

private:
    std::unique_ptr<ports::ObjectReader> behind_;
    const StorageSignals signals_;  // of its own: a reader may outlive the store
};

GuardedObjectStore::GuardedObjectStore(ports::ObjectStore& behind, StorageSignals signals,
                                       const ports::Clock& clock, const GuardLimits& limits)
    : behind_(behind), signals_(std::move(signals)), clock_(clock), limits_(limits) {}

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

template <class T, class Ask>
ObjectResult<T> GuardedObjectStore::guarded(Milliseconds patience, const Ask& ask) {
    Overdues::iterator place;
    if (auto refused = enter(patience, place)) return Fail(*std::move(refused));
    auto answer = ask();
    leave(place, error_of(answer));
    return answer;
}

ObjectResult<ObjectInfo> GuardedObjectStore::put(const core::ObjectKey& key, ports::ByteSource& source) {
    return guarded<ObjectInfo>(limits_.bytes_patience, [&] { return behind_.put(key, source); });
}

ObjectResult<ObjectInfo> GuardedObjectStore::put_file(const core::ObjectKey& key,
                                                      const std::filesystem::path& file) {
    return guarded<ObjectInfo>(limits_.bytes_patience, [&] { return behind_.put_file(key, file); });
}

ObjectResult<std::unique_ptr<ports::ObjectReader>> GuardedObjectStore::open(
    const core::ObjectKey& key, const ports::OpenOptions& options) {
    using Opened = std::unique_ptr<ports::ObjectReader>;
    auto opened = guarded<Opened>(limits_.quick_patience, [&] { return behind_.open(key, options); });
    if (!opened) return opened;
    return Opened(std::make_unique<Reader>(*std::move(opened), signals_));
}

ObjectResult<ObjectInfo> GuardedObjectStore::head(const core::ObjectKey& key) {
    return guarded<ObjectInfo>(limits_.quick_patience, [&] { return behind_.head(key); });
}

ObjectResult<ObjectInfo> GuardedObjectStore::copy(const core::ObjectKey& from, const core::ObjectKey& to) {
    return guarded<ObjectInfo>(limits_.bytes_patience, [&] { return behind_.copy(from, to); });
}

ObjectResult<void> GuardedObjectStore::remove(const core::ObjectKey& key) {
    return guarded<void>(limits_.quick_patience, [&] { return behind_.remove(key); });
}

ObjectResult<void> GuardedObjectStore::remove_many(std::span<const core::ObjectKey> keys) {
    return guarded<void>(limits_.bytes_patience, [&] { return behind_.remove_many(keys); });
}

ObjectResult<ports::ObjectPage> GuardedObjectStore::list(std::string_view prefix, const std::string& page,
                                                         int count_max) {
    return guarded<ports::ObjectPage>(limits_.quick_patience,
                                      [&] { return behind_.list(prefix, page, count_max); });
}

ObjectResult<int> GuardedObjectStore::remove_unfinished(TimePoint begun_before, bool dry_run) {
    return guarded<int>(limits_.bytes_patience,
                        [&] { return behind_.remove_unfinished(begun_before, dry_run); });
}

}  // namespace darkroom::objects
