// An object store that does not hold up those who use it when the one behind it is in trouble. A storage that
// accepts connections and says nothing keeps each caller for minutes; sixty-four of them are all the request
// handlers there are. So: while the storage is known to be in trouble calls fail at once, an error that says
// so raises a doubt, and when calls wait in vain already, no more than one in a while joins them.
//
//   in trouble (the gate says so)        fails at once: unavailable
//   several calls overdue, none answered fails at once; one in ten seconds goes on and raises a doubt
//   otherwise                            goes on; `unavailable` raises a doubt
//
// Whoever looks whether the storage is well again must look at the one behind it, not through this one.
#pragma once
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>

#include "ports/clock.h"
#include "ports/object_store.h"

namespace darkroom::objects {

/// Both are quick, may be called from any thread, and do not ask the store that is guarded.
struct StorageSignals {
    std::function<std::optional<std::string>()> trouble;  // what is wrong; unset = nothing is known to be
    std::function<void()> doubt;                          // something went wrong: have a look, soon
};

struct GuardLimits {
    int overdue_max = 8;                  // calls that wait in vain, before others are refused
    Milliseconds quick_patience{10'000};  // of what moves no bytes
    Milliseconds bytes_patience{60'000};  // of a put, which may be large
    Milliseconds between_tries{10'000};   // while calls are refused
};

class GuardedObjectStore final : public ports::ObjectStore {
public:
    /// All references must outlive it.
    GuardedObjectStore(ports::ObjectStore& behind, StorageSignals signals, const ports::Clock& clock,
                       const GuardLimits& limits = {});

    ports::ObjectStoreCapabilities capabilities() const override { return behind_.capabilities(); }
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
    /// No request is made, so nothing is guarded.
    ports::PresignedRequest presign_get(const core::ObjectKey& key,
                                        const ports::PresignGet& what) const override {
        return behind_.presign_get(key, what);
    }
    ports::PresignedRequest presign_put(const core::ObjectKey& key,
                                        const ports::PresignPut& what) const override {
        return behind_.presign_put(key, what);
    }

private:
    class Reader;
    using Overdues = std::list<Instant>;  // when each call under way is overdue

    template <class T, class Ask>
    ports::ObjectResult<T> guarded(Milliseconds patience, const Ask& ask);
    /// An error: the call must not be made. Otherwise `place` is its place among those under way.
    std::optional<ports::ObjectError> enter(Milliseconds patience, Overdues::iterator& place);
    void leave(Overdues::iterator place, const std::optional<ports::ObjectErrorKind>& error);
    bool waits_in_vain(Instant now) const;

    ports::ObjectStore& behind_;
    const StorageSignals signals_;
    const ports::Clock& clock_;
    const GuardLimits limits_;
    std::mutex mutex_;  // of what follows; never held while the store behind is asked
    Overdues under_way_;
    Instant answered_at_{};  // last
    Instant try_again_at_{};
};

}  // namespace darkroom::objects
