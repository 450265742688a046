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
#include "ports/object_store_around.h"

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

class GuardedObjectStore final : public ports::ObjectStoreAround {
public:
    /// All references must outlive it.
    GuardedObjectStore(ports::ObjectStore& behind, StorageSignals signals, const ports::Clock& clock,
                       const GuardLimits& limits = {});

    ports::ObjectResult<std::unique_ptr<ports::ObjectReader>> open(
        const core::ObjectKey& key, const ports::OpenOptions& options = {}) override;

private:
    class Reader;
    using Overdues = std::list<Instant>;  // when each call under way is overdue

    std::optional<ports::ObjectError> around(ports::ObjectCall call, const Ask& ask) override;
    Milliseconds patience_of(ports::ObjectCall call) const;
    /// An error: the call must not be made. Otherwise `place` is its place among those under way.
    std::optional<ports::ObjectError> enter(Milliseconds patience, Overdues::iterator& place);
    void leave(Overdues::iterator place, const std::optional<ports::ObjectErrorKind>& error);
    bool waits_in_vain(Instant now) const;

    const StorageSignals signals_;
    const ports::Clock& clock_;
    const GuardLimits limits_;
    std::mutex mutex_;  // of what follows; never held while the store behind is asked
    Overdues under_way_;
    Instant answered_at_{};  // last
    Instant try_again_at_{};
};

}  // namespace darkroom::objects
