// Whether the object store can be worked with. While it cannot, nothing is dispatched: an attempt that cannot
// read its input or keep its result is wasted, on a GPU also paid for. Opens by itself when the store answers
// again.
#pragma once
#include <mutex>
#include <optional>
#include <string>

#include "ports/clock.h"
#include "ports/object_store.h"

namespace darkroom::dispatch {

/// Safe to use from many threads at once.
class StorageGate {
public:
    /// Doubtful from the start: the first open() looks.
    StorageGate(ports::ObjectStore& objects, const ports::Clock& clock) : objects_(objects), clock_(clock) {}

    /// Something went wrong with the store: look before the next dispatch.
    void doubt();
    /// Looks at the store if there is a doubt and it is time to, which may take as long as the store's own
    /// deadlines; one thread looks, others are told what was known before.
    bool open();
    /// When open() will look again, or be worth asking again; unset while there is no doubt.
    std::optional<Instant> next_look() const;
    /// What is wrong, for the operator; unset = nothing is known to be.
    std::optional<std::string> trouble() const;

private:
    void learn(const std::optional<ports::ObjectError>& error);

    ports::ObjectStore& objects_;
    const ports::Clock& clock_;
    mutable std::mutex mutex_;
    bool looking_ = false;
    bool usable_ = false;  // as last seen
    std::optional<Instant> look_at_{Instant{}};
    Milliseconds pause_{0};
    std::optional<std::string> trouble_;
};

}  // namespace darkroom::dispatch
