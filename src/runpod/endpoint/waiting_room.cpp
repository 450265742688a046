#include "runpod/endpoint/waiting_room.h"

namespace darkroom::runpod::endpoint {

class WaitingRoom::Seat : public ports::Subscription {
public:
    Seat(WaitingRoom& room, Wakes::iterator place) : room_(room), place_(place) {}
    ~Seat() override {
        const std::lock_guard lock(room_.mutex_);
        room_.wakes_.erase(place_);
    }

private:
    WaitingRoom& room_;
    Wakes::iterator place_;
};

std::unique_ptr<ports::Subscription> WaitingRoom::subscribe(const std::string& topic,
                                                            std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    return std::make_unique<Seat>(*this, wakes_.emplace(topic, std::move(wake)));
}

// Called under the lock, so that a Subscription that is gone is never woken; wake is quick by contract.
void WaitingRoom::notify(const std::string& topic) {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = wakes_.equal_range(topic);
    for (auto it = first; it != last; ++it) it->second();
}

}  // namespace darkroom::runpod::endpoint
