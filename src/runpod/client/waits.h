// Threads that wait for their turn, or for a pause to be over, and are woken together: when something became
// free, or when the client stops.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "ports/clock.h"

namespace darkroom::runpod {

class Waits {
public:
    explicit Waits(const ports::Clock& clock) : clock_(clock) {}

    /// One thread's place while it waits. What is signalled after its making is not missed.
    class Seat {
    public:
        explicit Seat(Waits& waits) : waits_(waits), wake_up_(waits.clock_.make_wake_up()) {
            const std::lock_guard lock(waits_.mutex_);
            waits_.seats_.push_back(wake_up_);
        }
        ~Seat() {
            const std::lock_guard lock(waits_.mutex_);
            std::erase(waits_.seats_, wake_up_);
        }
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;

        void wait_until(Instant until) { wake_up_->wait_until(until); }

    private:
        Waits& waits_;
        std::shared_ptr<ports::WakeUp> wake_up_;  // shared with whoever is just waking it
    };

    void wake_all() {
        std::vector<std::shared_ptr<ports::WakeUp>> seats;
        {
            const std::lock_guard lock(mutex_);
            seats = seats_;
        }
        for (const auto& seat : seats) seat->set();
    }
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
        }
        wake_all();
    }
    bool stopped() const {
        const std::lock_guard lock(mutex_);
        return stopped_;
    }
    /// False if it was stopped before.
    bool pause_until(Instant until) {
        Seat seat(*this);
        while (!stopped()) {
            if (clock_.monotonic() >= until) return true;
            seat.wait_until(until);
        }
        return false;
    }

private:
    const ports::Clock& clock_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<ports::WakeUp>> seats_;
    bool stopped_ = false;
};

}  // namespace darkroom::runpod
