#include "dispatch/storage_gate.h"

#include <algorithm>

#include "base/log.h"

namespace darkroom::dispatch {
namespace {

constexpr Milliseconds first_pause{1'000};
constexpr Milliseconds longest_pause{30'000};
// Before whoever found another one looking comes again: a look may take minutes.
constexpr Milliseconds pause_while_looking{1'000};

// Never written: that a store says so proves that it can be asked.
const core::ObjectKey& absent_key() {
    static const auto key = core::ObjectKey::probe(UploadId());
    return key;
}

}  // namespace

void StorageGate::doubt() {
    const std::lock_guard lock(mutex_);
    if (!look_at_) look_at_ = clock_.monotonic();
}

bool StorageGate::open() {
    {
        const std::lock_guard lock(mutex_);
        if (!look_at_) return true;
        if (looking_ || *look_at_ > clock_.monotonic()) return usable_;
        looking_ = true;
    }
    const auto found = objects_.head(absent_key());
    const bool answered = found || found.error().kind == ports::ObjectErrorKind::missing;
    learn(answered ? std::nullopt : std::optional(found.error()));
    return answered;
}

void StorageGate::learn(const std::optional<ports::ObjectError>& error) {
    const std::lock_guard lock(mutex_);
    looking_ = false;
    usable_ = !error;
    if (!error) {
        if (trouble_) log::info("the storage answers again; dispatching goes on");
        look_at_.reset();
        trouble_.reset();
        pause_ = Milliseconds(0);
        return;
    }
    if (!trouble_)
        log::error("the storage cannot be used; nothing is dispatched until it can",
                   {{"detail", error->detail}});
    trouble_ = error->detail;
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
    look_at_ = clock_.monotonic() + pause_;
}

std::optional<Instant> StorageGate::next_look() const {
    const std::lock_guard lock(mutex_);
    if (looking_) return clock_.monotonic() + pause_while_looking;
    return look_at_;
}

std::optional<std::string> StorageGate::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

}  // namespace darkroom::dispatch
