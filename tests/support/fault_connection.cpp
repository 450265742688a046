// One connection through the fault proxy: one thread moves bytes both ways, finds where requests begin, and
// does to each what was planned. Every wait also looks at the proxy's wish to end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "tests/support/fault_proxy_state.h"

namespace darkroom::testing {
namespace {

constexpr std::size_t piece_bytes = 65'536;
constexpr std::size_t head_bytes_max = 65'536;
constexpr Milliseconds throttle_step{20};
constexpr Milliseconds duplicate_patience{30'000};
constexpr std::string_view head_end = "\r\n\r\n";

class FaultyConnection {
public:
    FaultyConnection(FaultProxy::State& state, UniqueFd client, int number)
        : state_(state), client_(std::move(client)), number_(number) {}

    void run() {
        while (going_ && wait_for_bytes()) {
        }
    }

private:
    using End = Fault::End;

    bool wait_for_bytes();
    void take_from_client(std::string_view bytes);
    std::size_t take_head(std::string_view bytes);
    void begin_request();
    void forward(std::string piece, bool is_body);
    void request_is_complete();
    void send_duplicate();
    void take_from_server(std::string_view bytes);
    std::string with_flipped_reply_byte(std::string_view bytes);

    void end(End how);
    bool send_all(int socket, std::string_view bytes, std::uint64_t bytes_per_second = 0,
                  std::atomic<std::uint64_t>* counter = nullptr);
    bool pause(Milliseconds time) const;  // false: the proxy ends
    std::optional<std::size_t> receive(int socket, std::string& buffer) const;
    UniqueFd connect_upstream() const;

    FaultProxy::State& state_;
    UniqueFd client_;
    UniqueFd server_;
    int number_;
    int requests_ = 0;
    bool going_ = true;
    bool mute_ = false;  // nothing goes on in either direction, but the connection stays

    std::string head_;  // of a request that is not complete yet
    SeenRequest request_;
    Fault fault_;
    std::uint64_t body_left_ = 0;
    bool in_body_ = false;
    bool complete_ = false;      // the request is: what comes now is its reply
    std::uint64_t sent_up_ = 0;  // of this request
    std::uint64_t body_up_ = 0;
    std::string recorded_;
    std::uint64_t sent_down_ = 0;  // of this reply
    std::string reply_head_;
    bool in_reply_body_ = false;
    std::uint64_t reply_body_at_ = 0;
};

bool FaultyConnection::wait_for_bytes() {
    pollfd ready[] = {{state_.stop.get(), POLLIN, 0},
                      {client_.get(), POLLIN, 0},
                      {server_ ? server_.get() : -1, POLLIN, 0}};
    if (::poll(ready, 3, -1) < 0) return errno == EINTR;
    if (ready[0].revents != 0) return false;
    std::string buffer(piece_bytes, '\0');
    if (ready[2].revents != 0) {
        const auto got = receive(server_.get(), buffer);
        if (got && *got == 0) return mute_ ? (server_.reset(), true) : false;
        if (got && !mute_) take_from_server(std::string_view(buffer).substr(0, *got));
    }
    if (going_ && ready[1].revents != 0) {
        const auto got = receive(client_.get(), buffer);
        if (got && *got == 0) return false;
        if (got && !mute_) take_from_client(std::string_view(buffer).substr(0, *got));
    }
    return true;
}

void FaultyConnection::take_from_client(std::string_view bytes) {
    while (!bytes.empty() && going_ && !mute_) {
        if (!in_body_) {
            bytes.remove_prefix(take_head(bytes));
            continue;
        }
        const auto count = std::min<std::uint64_t>(bytes.size(), body_left_);
        body_left_ -= count;
        forward(std::string(bytes.substr(0, count)), true);
        bytes.remove_prefix(count);
        if (body_left_ == 0 && going_ && !mute_) request_is_complete();
    }
}

/// How many of the bytes belonged to the head.
std::size_t FaultyConnection::take_head(std::string_view bytes) {
    const auto before = head_.size();
    head_.append(bytes);
    const auto at = head_.find(head_end, before > 3 ? before - 3 : 0);
    if (at == std::string::npos) {
        if (head_.size() > head_bytes_max) end(End::reset);
        return bytes.size();
    }
    head_.resize(at + head_end.size());
    const auto used = head_.size() - before;
    begin_request();
    return used;
}

void FaultyConnection::begin_request() {
    request_ = {number_, ++requests_, "", "", std::exchange(head_, {})};
    const auto& head = request_.head;
    const auto space = head.find(' ');
    const auto second = head.find(' ', space + 1);
    if (space == std::string::npos || second == std::string::npos) return end(End::reset);
    request_.method = head.substr(0, space);
    request_.target = head.substr(space + 1, second - space - 1);
    body_left_ = 0;
    const auto length = request_.header("Content-Length");
    std::from_chars(length.data(), length.data() + length.size(), body_left_);
    complete_ = in_reply_body_ = false;
    sent_up_ = body_up_ = sent_down_ = reply_body_at_ = 0;
    recorded_.clear();
    reply_head_.clear();
    fault_ = state_.fault_for(request_);

    auto wait = fault_.delay;
    if (fault_.jitter.count() > 0) {
        thread_local std::minstd_rand random(static_cast<unsigned>(number_));
        wait += Milliseconds(random() % static_cast<unsigned>(fault_.jitter.count() + 1));
    }
    if (wait.count() > 0 && !pause(wait)) return;
    // A client that asked for leave to send its body gets it from us where the server is never asked.
    const bool asks_leave = ::strcasecmp(request_.header("Expect").c_str(), "100-continue") == 0;
    if (fault_.answer && asks_leave) send_all(client_.get(), "HTTP/1.1 100 Continue\r\n\r\n");
    forward(request_.head, false);
    in_body_ = body_left_ > 0;
    if (!in_body_ && going_ && !mute_) request_is_complete();
}

void FaultyConnection::forward(std::string piece, bool is_body) {
    if (fault_.answer) return;
    if (!server_) server_ = connect_upstream();
    if (!server_) return end(End::reset);
    if (is_body) {
        const auto flip = fault_.flip_request_body_byte;
        if (flip && *flip >= body_up_ && *flip - body_up_ < piece.size()) {
            piece[*flip - body_up_] = static_cast<char>(~piece[*flip - body_up_]);
        }
        body_up_ += piece.size();
    }
    if (fault_.duplicate) recorded_ += piece;
    const auto& cut = fault_.cut_request;
    const bool is_cut = cut && cut->after_bytes < sent_up_ + piece.size();
    if (is_cut) piece.resize(cut->after_bytes > sent_up_ ? cut->after_bytes - sent_up_ : 0);
    sent_up_ += piece.size();
    if (!send_all(server_.get(), piece, fault_.request_bytes_per_second, &state_.bytes_up)) return;
    if (is_cut) end(cut->end);
}

void FaultyConnection::request_is_complete() {
    in_body_ = false;
    complete_ = true;
    if (fault_.duplicate) send_duplicate();
    if (!fault_.answer) return;
    send_all(client_.get(), fault_.answer(request_), 0, &state_.bytes_down);
    if (fault_.after_answer) end(*fault_.after_answer);
}

/// The copy goes first on a connection of its own and is answered before the client's own reply is read: the
/// order of a network that delivers late.
void FaultyConnection::send_duplicate() {
    const auto copy = connect_upstream();
    if (!copy || !send_all(copy.get(), recorded_)) return;
    ::shutdown(copy.get(), SHUT_WR);
    std::string buffer(piece_bytes, '\0');
    const auto deadline = std::chrono::steady_clock::now() + duplicate_patience;
    while (std::chrono::steady_clock::now() < deadline) {
        pollfd ready[] = {{state_.stop.get(), POLLIN, 0}, {copy.get(), POLLIN, 0}};
        if (::poll(ready, 2, static_cast<int>(duplicate_patience.count())) < 0) continue;
        if (ready[0].revents != 0) return;
        const auto got = receive(copy.get(), buffer);
        if (got && *got == 0) return;
    }
}

void FaultyConnection::take_from_server(std::string_view bytes) {
    if (!complete_) {  // "100 Continue", or an answer that did not wait for the body
        send_all(client_.get(), bytes);
        return;
    }
    auto piece = with_flipped_reply_byte(bytes);
    const auto& cut = fault_.cut_reply;
    const bool is_cut = cut && cut->after_bytes < sent_down_ + piece.size();
    if (is_cut) piece.resize(cut->after_bytes - sent_down_);
    sent_down_ += piece.size();
    if (!send_all(client_.get(), piece, fault_.reply_bytes_per_second, &state_.bytes_down)) return;
    if (is_cut) end(cut->end);
}

std::string FaultyConnection::with_flipped_reply_byte(std::string_view bytes) {
    std::string piece(bytes);
    if (!fault_.flip_reply_body_byte) return piece;
    std::size_t body_begin = 0;
    if (!in_reply_body_) {
        const auto before = reply_head_.size();
        reply_head_.append(bytes);
        const auto at = reply_head_.find(head_end);
        if (at == std::string::npos) return piece;
        in_reply_body_ = true;
        body_begin = at + head_end.size() - before;
    }
    const auto flip = *fault_.flip_reply_body_byte;
    const auto count = piece.size() - body_begin;
    if (flip >= reply_body_at_ && flip - reply_body_at_ < count) {
        auto& byte = piece[body_begin + (flip - reply_body_at_)];
        byte = static_cast<char>(~byte);
    }
    reply_body_at_ += count;
    return piece;
}

void FaultyConnection::end(End how) {
    if (how == End::hold || how == End::half_close) {
        mute_ = true;
        if (how == End::half_close) ::shutdown(client_.get(), SHUT_WR);
        return;
    }
    if (how == End::reset) {
        const linger at_once{1, 0};
        ::setsockopt(client_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    going_ = false;
}

/// Counts what goes out before it does: who has received a byte finds it counted.
bool FaultyConnection::send_all(int socket, std::string_view bytes, std::uint64_t bytes_per_second,
                                std::atomic<std::uint64_t>* counter) {
    const auto steps_per_second = static_cast<std::uint64_t>(Milliseconds(1000) / throttle_step);
    const auto at_once = bytes_per_second == 0
                             ? bytes.size()
                             : std::max<std::uint64_t>(1, bytes_per_second / steps_per_second);
    while (!bytes.empty()) {
        const auto wanted = std::min<std::size_t>(bytes.size(), at_once);
        if (counter != nullptr) *counter += wanted;
        const auto sent = ::send(socket, bytes.data(), wanted, MSG_NOSIGNAL);
        if (counter != nullptr) *counter -= wanted - static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            if (bytes_per_second > 0 && !pause(throttle_step)) return false;
            continue;
        }
        pollfd ready[] = {{state_.stop.get(), POLLIN, 0}, {socket, POLLOUT, 0}};
        const bool is_full = sent < 0 && (errno == EAGAIN || errno == EINTR);
        if (!is_full || ::poll(ready, 2, -1) < 0 || ready[0].revents != 0) {
            going_ = false;
            return false;
        }
    }
    return true;
}

bool FaultyConnection::pause(Milliseconds time) const {
    pollfd stop{state_.stop.get(), POLLIN, 0};
    return ::poll(&stop, 1, static_cast<int>(time.count())) == 0;
}

/// nullopt: nothing there after all; 0: the end, however it came.
std::optional<std::size_t> FaultyConnection::receive(int socket, std::string& buffer) const {
    const auto got = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

UniqueFd FaultyConnection::connect_upstream() const {
    if (state_.upstream_port == 0) return {};
    UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(state_.upstream_port);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
}

}  // namespace

void serve_faulty_connection(FaultProxy::State& state, UniqueFd client, int number) {
    FaultyConnection(state, std::move(client), number).run();
}

}  // namespace darkroom::testing
