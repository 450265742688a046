// One event stream on one connection: subscribes, pulls on the pool while there is something, waits for
// wake-ups when there is not. A new pull begins only after the last bytes are on the wire, so a slow reader
// costs one chunk of memory. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "http/server_core.h"

namespace darkroom::http {

class EventStreamRun : public std::enable_shared_from_this<EventStreamRun> {
public:
    /// `write` is called with bytes to send (answer with written()), or with end = true for the last ones.
    using Write = std::function<void(const std::string& bytes, bool end)>;

    EventStreamRun(ServerCore& core, ports::EventStream stream, Write write);
    ~EventStreamRun();
    EventStreamRun(const EventStreamRun&) = delete;
    EventStreamRun& operator=(const EventStreamRun&) = delete;

    void start();
    void written();
    /// A comment line if nothing was sent for a while, so that proxies and clients see a living stream.
    void heartbeat(Instant now);
    /// Ends the subscription; `write` is not called again.
    void cancel();

private:
    enum class State { waiting, pulling, writing, ended };

    void on_wake();
    void pull();
    void on_pulled();
    void write(const std::string& bytes, bool end);

    ServerCore& core_;
    ports::Meters& meters_;  // a pull that is under way may end after its connection
    ports::EventStream stream_;
    Write write_;
    State state_ = State::waiting;
    bool woken_ = false;  // while pulling or writing
    Instant last_write_{};
    ports::EventStream::Chunk chunk_;  // handed from the pool to the loop
    std::shared_ptr<Waker> waker_;
    std::unique_ptr<ports::Subscription> subscription_;
};

}  // namespace darkroom::http
