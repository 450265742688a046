// ports::WebSocketClient over a connection that libcurl makes: names, proxies, TLS and its rules are those of
// every other outgoing request, and no second TLS library is linked. libcurl's own WebSocket is not in
// Debian's build, and Beast's would bring a resolver without a deadline; the frames are web_socket_frames.h.
#pragma once
#include "ports/web_socket.h"

namespace darkroom::http {

class CurlWebSockets final : public ports::WebSocketClient {
public:
    Result<std::unique_ptr<ports::WebSocket>, ports::WebSocketFailure> open(
        const ports::WebSocketRequest& request) override;
};

}  // namespace darkroom::http
