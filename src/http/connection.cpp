#include "http/connection.h"

#include "base/log.h"

namespace darkroom::http {
namespace {

// Reads in a row before other connections get their turn: a fast upload must not starve them.
constexpr int reads_in_a_row = 4;
// What a client may pipeline behind a held answer or a stream before its socket is no longer read.
constexpr std::size_t pipelined_bytes_max = 65'536;

}  // namespace

Connection::Connection(ServerCore& core, Socket socket, std::string remote_address)
    : core_(core),
      socket_(std::move(socket)),
      remote_address_(std::move(remote_address)),
      writer_(socket_),
      head_check_(core.options.head) {}

void Connection::start() {
    enter(Phase::idle);
    want_input();
}

void Connection::enter(Phase phase) {
    phase_ = phase;
    phase_since_ = std::chrono::steady_clock::now();
    last_input_ = phase_since_;
}

bool Connection::wants_input() const {
    switch (phase_) {
        case Phase::idle:
        case Phase::reading_head:
        case Phase::reading_body:
        case Phase::lingering:
            return true;
        case Phase::held:
        case Phase::streaming:
            return in_.size() < pipelined_bytes_max;  // to notice that the client left
        case Phase::checking:
        case Phase::handling:
        case Phase::fetching:
        case Phase::writing:
        case Phase::closed:
            return false;
    }
    return false;
}

void Connection::want_input() {
    if (waiting_ || !wants_input()) return;
    waiting_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const IoError&) {
        self->waiting_ = false;
        try {
            self->read_available();
        } catch (const std::exception& error) {  // out of memory, say: costs this connection, not the server
            log::error("a connection was closed by an exception", {{"error", error.what()}});
            self->close();
        }
    });
}

void Connection::read_available() {
    for (int round = 0; round < reads_in_a_row && wants_input(); ++round) {
        IoError error;
        const auto bytes =
            socket_.read_some(asio::buffer(core_.scratch.get(), ServerCore::scratch_bytes), error);
        if (error == asio::error::would_block || error == asio::error::try_again) break;
        if (error) return on_input_end();
        last_input_ = std::chrono::steady_clock::now();
        take_input({core_.scratch.get(), bytes});
        if (bytes < ServerCore::scratch_bytes) break;
    }
    want_input();
}

void Connection::take_input(std::string_view bytes) {
    switch (phase_) {
        case Phase::idle:
        case Phase::reading_head:
            in_.append(bytes);
            return process_head();
        case Phase::reading_body:
            return take_body(bytes);
        case Phase::held:
        case Phase::streaming:
            in_.append(bytes);
            return;
        case Phase::lingering:
        case Phase::checking:
        case Phase::handling:
        case Phase::fetching:
        case Phase::writing:
        case Phase::closed:
            return;
    }
}

// The client will send nothing more. Half a request is dropped with its spool file. While an answer is held
// or streamed this counts as having left: a FIN does not tell a half-close from a close, and most who
// half-close there are gone.
void Connection::on_input_end() { close(); }

void Connection::sweep(Instant now) {
    const auto& limits = core_.options.timeouts;
    const auto in_phase = now - phase_since_;
    const HeadFault too_slow{408, "request_timeout", "The request did not arrive in time."};
    switch (phase_) {
        case Phase::idle:
            if (in_phase > (requests_ == 0 ? limits.header : limits.keep_alive)) close();
            return;
        case Phase::reading_head:
            if (in_phase > limits.header) refuse(too_slow);
            return;
        case Phase::reading_body: {
            const auto seconds = std::chrono::duration<double>(in_phase).count();
            const auto bytes_due = seconds * double(core_.options.body_bytes_per_second_min);
            const bool crawls = in_phase > limits.body_rate_after && double(body_->received()) < bytes_due;
            if (now - last_input_ > limits.body_idle || crawls) refuse(too_slow);
            return;
        }
        case Phase::streaming:
            if (!writer_.busy()) return stream_->heartbeat(now);
            [[fallthrough]];
        case Phase::writing:
            if (writer_.busy() && now - writer_.last_progress() > limits.write_stall) close();
            return;
        case Phase::lingering:
            if (in_phase > limits.linger) close();
            return;
        case Phase::checking:
        case Phase::handling:
        case Phase::held:
        case Phase::fetching:
        case Phase::closed:
            return;  // handlers and readers have deadlines of their own, a held answer its timer
    }
}

void Connection::finish() {
    finishing_ = true;
    if (phase_ == Phase::idle) return close();
    if (phase_ == Phase::held) return held_->finish_now();
    if (phase_ == Phase::streaming && !writer_.busy()) return end_connection();
}

void Connection::close() {
    if (phase_ == Phase::closed) return;
    const auto self = shared_from_this();
    enter(Phase::closed);
    if (held_) held_->cancel();
    if (stream_) stream_->cancel();
    if (pieces_) pieces_->cancel();
    held_.reset();
    stream_.reset();
    pieces_.reset();
    body_.reset();
    exchange_.reset();
    IoError ignored;
    socket_.close(ignored);
    core_.on_closed(*this);
}

}  // namespace darkroom::http
