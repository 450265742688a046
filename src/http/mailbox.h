// How other threads hand work to the loop: one wake-up for a whole batch. Work is done in the order it came.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "http/asio.h"

namespace darkroom::http {

class Mailbox {
public:
    explicit Mailbox(asio::io_context& io) : io_(io) {}

    /// Any thread; `work` runs on the loop. The loop is woken only if nothing was waiting already.
    void post(std::function<void()> work);

private:
    void drain();

    asio::io_context& io_;
    std::mutex mutex_;
    std::vector<std::function<void()>> waiting_;
    std::vector<std::function<void()>> running_;  // the loop's own; reused
};

/// Turns wake-ups from any thread into at most one pending call on the loop.
class Waker : public std::enable_shared_from_this<Waker> {
public:
    Waker(Mailbox& mailbox, std::function<void()> on_wake)
        : mailbox_(mailbox), on_wake_(std::move(on_wake)) {}

    /// What a subscription is given. Outlives this object harmlessly.
    std::function<void()> callback();
    /// Loop only: on_wake is not called again.
    void cancel() { on_wake_ = nullptr; }

private:
    void wake();

    Mailbox& mailbox_;
    std::function<void()> on_wake_;
    std::mutex mutex_;
    bool pending_ = false;
};

}  // namespace darkroom::http
