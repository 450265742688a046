#include "http/event_stream_run.h"

#include "base/log.h"

namespace darkroom::http {
namespace {

// An exception ends the stream; the client comes back with Last-Event-ID.
ports::EventStream::Chunk pull_safely(const ports::EventStream& stream) {
    try {
        return stream.pull();
    } catch (const std::exception& error) {
        log::error("an event stream threw", {{"error", error.what()}});
    } catch (...) {
        log::error("an event stream threw");
    }
    return {{}, true};
}

std::unique_ptr<ports::Subscription> subscribe_safely(const ports::Subscribe& subscribe,
                                                      std::function<void()> wake) {
    if (!subscribe) return nullptr;
    try {
        return subscribe(std::move(wake));
    } catch (const std::exception& error) {
        log::error("an event stream could not subscribe", {{"error", error.what()}});
        return nullptr;
    }
}

}  // namespace

EventStreamRun::EventStreamRun(ServerCore& core, ports::EventStream stream, Write write)
    : core_(core), meters_(*core.options.meters), stream_(std::move(stream)), write_(std::move(write)) {
    meters_.event_streams(1);
}

EventStreamRun::~EventStreamRun() { meters_.event_streams(-1); }

void EventStreamRun::start() {
    last_write_ = std::chrono::steady_clock::now();
    waker_ = std::make_shared<Waker>(core_.mailbox, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->on_wake();
    });
    subscription_ = subscribe_safely(stream_.subscribe, waker_->callback());
    pull();
}

void EventStreamRun::cancel() {
    state_ = State::ended;
    write_ = nullptr;
    if (waker_) waker_->cancel();
    subscription_.reset();
}

void EventStreamRun::on_wake() {
    if (state_ == State::waiting) {
        pull();
    } else {
        woken_ = true;
    }
}

void EventStreamRun::pull() {
    state_ = State::pulling;
    woken_ = false;
    const auto self = shared_from_this();
    core_.run_on_pool([self] { self->chunk_ = pull_safely(self->stream_); }, [self] { self->on_pulled(); });
}

void EventStreamRun::on_pulled() {
    if (state_ == State::ended) return;
    const auto chunk = std::exchange(chunk_, {});
    if (!chunk.bytes.empty() || chunk.end) return write(chunk.bytes, chunk.end);
    if (woken_) return pull();
    state_ = State::waiting;
}

void EventStreamRun::write(const std::string& bytes, bool end) {
    state_ = State::writing;
    last_write_ = std::chrono::steady_clock::now();
    write_(bytes, end);
}

void EventStreamRun::written() {
    if (state_ == State::writing) pull();
}

void EventStreamRun::heartbeat(Instant now) {
    if (state_ == State::waiting && now - last_write_ >= core_.options.timeouts.heartbeat)
        write(": heartbeat\n\n", false);
}

}  // namespace darkroom::http
