// The machine's own clocks, for tests that talk to real servers. The calendar may be set wrong, as it is on
// machines whose clock nobody keeps.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "ports/clock.h"

namespace darkroom::testing {

class RealClock : public ports::Clock {
public:
    explicit RealClock(Milliseconds calendar_off_by = Milliseconds(0)) : off_by_(calendar_off_by) {}

    void set_calendar_off_by(Milliseconds off_by) { off_by_ = off_by; }

    TimePoint now() const override {
        return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()) + off_by_.load();
    }
    Instant monotonic() const override { return std::chrono::steady_clock::now(); }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override { return std::make_unique<RealWakeUp>(); }

private:
    class RealWakeUp : public ports::WakeUp {
    public:
        void set() override {
            const std::lock_guard lock(mutex_);
            set_ = true;
            changed_.notify_one();
        }
        bool wait_until(Instant deadline) override {
            std::unique_lock lock(mutex_);
            const bool was_set = changed_.wait_until(lock, deadline, [this] { return set_; });
            set_ = false;
            return was_set;
        }

    private:
        std::mutex mutex_;
        std::condition_variable changed_;
        bool set_ = false;
    };

    std::atomic<Milliseconds> off_by_;
};

}  // namespace darkroom::testing
