#include "comfyui/progress_socket.h"

#include <algorithm>

#include "base/log.h"
#include "base/percent.h"

namespace darkroom::comfyui {
namespace {

constexpr Milliseconds listen_slice{1'000};  // how late it sees that the last prompt has gone
constexpr Milliseconds farewell_limit{
    2'000};  // a server forgets a client whose old socket ends after the new one begins
constexpr Milliseconds idle_look{10 * 60'000};  // woken by the first prompt long before

std::string socket_url(const ComfySettings& settings) {
    auto url = "ws" + settings.base_url.substr(std::string_view("http").size());  // or wss
    while (url.ends_with('/')) url.pop_back();
    url += "/api/ws?clientId=" + percent_encode(settings.client_id);
    for (const auto& [name, value] : settings.query)
        url += "&" + percent_encode(name) + "=" + percent_encode(value);
    return url;
}

}  // namespace

ProgressSocket::ProgressSocket(const ComfySettings& settings, std::string endpoint,
                               ports::WebSocketClient& sockets, PromptProgress& progress,
                               const ports::Clock& clock, SocketPatience patience)
    : endpoint_(std::move(endpoint)),
      sockets_(sockets),
      progress_(progress),
      clock_(clock),
      patience_(patience) {
    request_.url = socket_url(settings);
    request_.headers = settings.headers;
    request_.connect_timeout = settings.connect_timeout;
    request_.stop_fd = stop_.fd();
}

void ProgressSocket::run() {
    auto pause = patience_.first_pause;
    while (!stop_.is_set()) {
        if (!progress_.has_open()) {
            pause = patience_.first_pause;
            progress_.opened().wait_until(clock_.monotonic() + idle_look);
            continue;
        }
        const bool was_heard = listen();
        if (was_heard) pause = patience_.first_pause;
        if (progress_.has_open()) rest(pause);
        pause = std::min(pause * 2, patience_.pause_max);
    }
}

void ProgressSocket::stop() {
    stop_.set();
    progress_.opened().set();
}

// New prompts set the same wake-up, and must not shorten the pause.
void ProgressSocket::rest(Milliseconds how_long) {
    const auto until = clock_.monotonic() + how_long;
    while (!stop_.is_set() && clock_.monotonic() < until) progress_.opened().wait_until(until);
}

bool ProgressSocket::listen() {
    auto socket = sockets_.open(request_);
    if (!socket) {
        note(socket.error());
        return false;
    }
    const bool was_heard = take_messages(**socket);
    (*socket)->close(farewell_limit);
    return was_heard;
}

bool ProgressSocket::take_messages(ports::WebSocket& socket) {
    bool was_heard = false;
    auto heard_at = clock_.monotonic();
    auto open_at = heard_at;
    while (!stop_.is_set()) {
        const auto message = socket.receive(listen_slice);
        if (!message) {
            note(message.error());
            return was_heard;
        }
        const auto now = clock_.monotonic();
        if (*message) {
            was_heard = true;
            heard_at = now;
            if ((*message)->is_text) progress_.take(read_socket_text((*message)->bytes));
        }
        if (progress_.has_open()) open_at = now;
        if (now - open_at > patience_.linger || now - heard_at > patience_.silence_max) break;
    }
    return was_heard;
}

void ProgressSocket::note(const ports::WebSocketFailure& failure) const {
    if (failure.kind == ports::WebSocketError::stopped) return;
    log::debug("a pod's socket is not heard: progress is not told",
               {{"endpoint", endpoint_}, {"detail", failure.detail}});
}

}  // namespace darkroom::comfyui
