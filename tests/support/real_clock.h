// The machine's own clocks, for tests that talk to real servers. The calendar may be set wrong, as it is on
// machines whose clock nobody keeps; waits may be skipped, so that nobody sits out the pauses between tries.
#pragma once
#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "ports/clock.h"

namespace darkroom::testing {

class RealClock : public ports::Clock {
public:
    enum class Waits { real, skipped };
    explicit RealClock(Waits waits = Waits::real) : state_(std::make_shared<State>()) {
        state_->skips = waits == Waits::skipped;
    }

    void set_calendar_off_by(Milliseconds off_by) {
        const std::lock_guard lock(state_->mutex);
        state_->calendar_off_by = off_by;
    }
    /// How long each wait that was skipped would have taken.
    std::vector<Milliseconds> skipped_waits() const {
        const std::lock_guard lock(state_->mutex);
        return state_->waits;
    }

    TimePoint now() const override {
        const std::lock_guard lock(state_->mutex);
        return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()) + state_->calendar_off_by;
    }
    Instant monotonic() const override {
        const std::lock_guard lock(state_->mutex);
        return std::chrono::steady_clock::now() + state_->skipped;
    }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override {
        return std::make_unique<RealWakeUp>(state_);
    }

private:
    struct State {
        bool skips = false;
        std::mutex mutex;
        Milliseconds calendar_off_by{0};
        Milliseconds skipped{0};
        std::vector<Milliseconds> waits;
    };
    class RealWakeUp : public ports::WakeUp {
    public:
        explicit RealWakeUp(std::shared_ptr<State> state) : state_(std::move(state)) {}
        void set() override {
            const std::lock_guard lock(state_->mutex);
            set_ = true;
            changed_.notify_one();
        }
        bool wait_until(Instant deadline) override {
            std::unique_lock lock(state_->mutex);
            if (!set_ && state_->skips) {
                const auto left = deadline - state_->skipped - std::chrono::steady_clock::now();
                state_->waits.push_back(std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(left)));
                state_->skipped += state_->waits.back();
            }
            const auto is_set = [this] { return set_; };
            const bool was_set = changed_.wait_until(lock, deadline - state_->skipped, is_set);
            set_ = false;
            return was_set;
        }

    private:
        std::shared_ptr<State> state_;  // outlives the clock if the wake-up does
        std::condition_variable changed_;
        bool set_ = false;
    };

    std::shared_ptr<State> state_;
};

}  // namespace darkroom::testing
