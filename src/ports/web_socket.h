// An outgoing WebSocket that is only listened to: blocking, with a deadline for every wait. What comes over
// it is a hint and no more: messages can be lost, and nothing is sent but what keeps the line alive.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::ports {

struct WebSocketRequest {
    std::string url;  // ws:// or wss://
    HttpFields headers;
    Milliseconds connect_timeout{10'000};  // to the end of the handshake
    Milliseconds ping_period{20'000};      // dead after two that were not answered
    std::size_t message_bytes_max = std::size_t{1} << 20;
    /// Once this descriptor is readable every wait ends at once, for good (stopped). Stays the caller's and
    /// open as long as the socket; -1 = nothing stops it.
    int stop_fd = -1;
};

struct WebSocketMessage {
    bool is_text = false;
    std::string bytes;
};

enum class WebSocketError {
    bad_request,  // an address or a header that cannot be sent
    unreachable,  // not connected, by TLS neither, or not in time
    refused,      // the other side answered, but not with a WebSocket
    lost,         // closed, cut or silent
    unreadable,   // not what RFC 6455 allows
    too_large,
    stopped
};

struct WebSocketFailure {
    WebSocketError kind;
    std::string detail;  // for the operator; holds no secrets
};

/// One thread at a time. After a failure only close() makes sense.
class WebSocket {
public:
    virtual ~WebSocket() = default;
    /// The next message; nullopt if none was whole after `at_most`: the next call goes on.
    virtual Result<std::optional<WebSocketMessage>, WebSocketFailure> receive(Milliseconds at_most) = 0;
    /// Says farewell and waits until the other side has closed too, or for `at_most`.
    virtual void close(Milliseconds at_most) = 0;
};

/// Safe to use from many threads at once; sockets may outlive it.
class WebSocketClient {
public:
    virtual ~WebSocketClient() = default;
    virtual Result<std::unique_ptr<WebSocket>, WebSocketFailure> open(const WebSocketRequest& request) = 0;
};

}  // namespace darkroom::ports
