#include "tests/support/manual_clock.h"

namespace darkroom::testing {
namespace {

constexpr std::int64_t start_unix_ms = 1'767'323'045'000;  // 2026-01-02T03:04:05Z
constexpr Instant start_instant{std::chrono::hours(1)};

}  // namespace

class ManualClock::ManualWakeUp : public ports::WakeUp {
public:
    explicit ManualWakeUp(std::shared_ptr<State> state) : state_(std::move(state)) {}
    void set() override {
        const std::lock_guard lock(state_->mutex);
        set_ = true;
        state_->moved.notify_all();
    }
    bool wait_until(Instant deadline) override {
        std::unique_lock lock(state_->mutex);
        ++state_->waits_begun;
        state_->wait_began.notify_all();
        state_->moved.wait(lock, [&] { return set_ || start_instant + state_->passed >= deadline; });
        const bool was_set = set_;
        set_ = false;
        return was_set;
    }

private:
    std::shared_ptr<State> state_;
    bool set_ = false;
};

TimePoint ManualClock::now() const {
    const std::lock_guard lock(state_->mutex);
    return from_unix_ms(start_unix_ms) + state_->passed;
}

Instant ManualClock::monotonic() const {
    const std::lock_guard lock(state_->mutex);
    return start_instant + state_->passed;
}

std::unique_ptr<ports::WakeUp> ManualClock::make_wake_up() const {
    return std::make_unique<ManualWakeUp>(state_);
}

void ManualClock::advance(Milliseconds by) {
    const std::lock_guard lock(state_->mutex);
    state_->passed += by;
    state_->moved.notify_all();
}

void ManualClock::pass(Milliseconds by) {
    std::unique_lock lock(state_->mutex);
    state_->passed += by;
    state_->moved.notify_all();
    const auto before = state_->waits_begun;
    state_->wait_began.wait_for(lock, Milliseconds(1), [&] { return state_->waits_begun != before; });
}

}  // namespace darkroom::testing
