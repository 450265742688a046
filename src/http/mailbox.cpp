#include "http/mailbox.h"

namespace darkroom::http {

void Mailbox::post(std::function<void()> work) {
    bool was_empty = false;
    {
        const std::lock_guard lock(mutex_);
        was_empty = waiting_.empty();
        waiting_.push_back(std::move(work));
    }
    if (was_empty) asio::post(io_, [this] { drain(); });
}

void Mailbox::drain() {
    {
        const std::lock_guard lock(mutex_);
        running_.swap(waiting_);
    }
    for (auto& work : running_) {
        work();
        work = nullptr;  // let go of connections as soon as they are done with
    }
    running_.clear();
}

std::function<void()> Waker::callback() {
    return [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->wake();
    };
}

void Waker::wake() {
    {
        const std::lock_guard lock(mutex_);
        if (pending_) return;
        pending_ = true;
    }
    mailbox_.post([self = shared_from_this()] {
        {
            const std::lock_guard lock(self->mutex_);
            self->pending_ = false;
        }
        // A copy, because on_wake may cancel.
        if (const auto on_wake = self->on_wake_) on_wake();
    });
}

}  // namespace darkroom::http
