// RFC 6455 as a client that listens needs it: frames out of bytes and into bytes, and the handshake's texts.
// Pure. Whatever the other side sends, no more than one message and one read of it is kept.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ports/http_message.h"

namespace darkroom::http {

enum class FrameKind { need_more, text, binary, ping, pong, close, broken, too_large };

struct Frame {
    FrameKind kind = FrameKind::need_more;
    std::string bytes;  // a whole message, put together of its fragments
};

/// What the server sends. After `broken` and `too_large` there is nothing more to read.
class FrameReader {
public:
    explicit FrameReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}
    void feed(std::string_view bytes) { buffer_.append(bytes); }
    Frame next();

private:
    struct Head;
    FrameKind read_head(Head& head) const;
    Frame take(const Head& head);
    Frame take_data(const Head& head, std::string_view payload);

    const std::size_t message_bytes_max_;
    std::string buffer_;
    std::string message_;  // fragments of a message that has not ended
    FrameKind message_kind_ = FrameKind::need_more;
};

/// A control frame as a client sends it: masked, of at most 125 bytes.
std::string control_frame(FrameKind kind, std::string_view payload, const std::array<std::uint8_t, 4>& mask);

/// `key` is Sec-WebSocket-Key. No Origin: ComfyUI refuses requests whose Origin is not its own.
std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            const ports::HttpFields& headers);
/// The head of the answer, up to its empty line: does it open a WebSocket for this key?
bool opens_web_socket(std::string_view head, std::string_view key);
/// 16 random bytes as the key of a request.
std::string web_socket_key(const std::array<std::uint8_t, 16>& random);

}  // namespace darkroom::http
