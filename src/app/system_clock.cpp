#include "app/system_clock.h"

#include <condition_variable>
#include <mutex>

namespace darkroom::app {
namespace {

class ThreadWakeUp : public ports::WakeUp {
public:
    void set() override {
        {
            const std::lock_guard lock(mutex_);
            set_ = true;
        }
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

}  // namespace

TimePoint SystemClock::now() const {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}
Instant SystemClock::monotonic() const { return std::chrono::steady_clock::now(); }
std::unique_ptr<ports::WakeUp> SystemClock::make_wake_up() const { return std::make_unique<ThreadWakeUp>(); }

}  // namespace darkroom::app
