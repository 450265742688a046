#include "http/web_socket_frames.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"

namespace darkroom::http {
namespace {

constexpr std::size_t control_bytes_max = 125;
constexpr unsigned opcode_more = 0;
constexpr unsigned opcode_text = 1;
constexpr unsigned opcode_binary = 2;
constexpr unsigned opcode_close = 8;
constexpr unsigned opcode_ping = 9;
constexpr unsigned opcode_pong = 10;
constexpr std::string_view accept_salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3

template <std::size_t Size>
std::string base64_of(const std::array<std::uint8_t, Size>& bytes) {
    std::array<unsigned char, (Size + 2) / 3 * 4 + 1> text{};
    const int length = EVP_EncodeBlock(text.data(), bytes.data(), int(Size));
    return {text.begin(), text.begin() + length};
}

std::string accept_for(std::string_view key) {
    const auto salted = std::string(key).append(accept_salt);
    std::array<std::uint8_t, 20> digest{};
    unsigned length = 0;
    DR_CHECK(EVP_Digest(salted.data(), salted.size(), digest.data(), &length, EVP_sha1(), nullptr) == 1);
    return base64_of(digest);
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return lower;
}

std::string_view without_spaces(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Empty if there is none.
std::string_view field_in(std::string_view head, std::string_view lower_name) {
    for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        const auto rest = head.substr(at + 2);
        const auto line = rest.substr(0, rest.find("\r\n"));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || lower_case(line.substr(0, colon)) != lower_name) continue;
        return without_spaces(line.substr(colon + 1));
    }
    return {};
}

}  // namespace

struct FrameReader::Head {
    bool is_last = false;
    unsigned opcode = 0;
    std::uint64_t payload_bytes = 0;
    std::size_t head_bytes = 0;
};

//  bit 7     6 5 4   3..0      7      6..0
// | FIN | RSV 0 0 0 | opcode | MASK 0 | length, or 126 + u16, or 127 + u64 | payload
FrameKind FrameReader::read_head(Head& head) const {
    if (buffer_.size() < 2) return FrameKind::need_more;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
    const bool is_reserved = (byte(0) & 0x70u) != 0;
    const bool is_masked = (byte(1) & 0x80u) != 0;  // only clients mask
    if (is_reserved || is_masked) return FrameKind::broken;
    head.is_last = (byte(0) & 0x80u) != 0;
    head.opcode = byte(0) & 0x0fu;
    const unsigned length = byte(1) & 0x7fu;
    const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    head.head_bytes = 2 + more;
    if (buffer_.size() < head.head_bytes) return FrameKind::need_more;
    head.payload_bytes = more == 0 ? length : 0;
    for (std::size_t i = 0; i < more; ++i) head.payload_bytes = head.payload_bytes << 8 | byte(2 + i);
    const bool is_control = head.opcode >= opcode_close;
    if (is_control && (!head.is_last || head.payload_bytes > control_bytes_max)) return FrameKind::broken;
    // Before its bytes are here: the length may be a lie.
    if (!is_control && head.payload_bytes > message_bytes_max_ - message_.size()) return FrameKind::too_large;
    if (buffer_.size() - head.head_bytes < head.payload_bytes) return FrameKind::need_more;
    return FrameKind::binary;  // a whole frame
}

Frame FrameReader::take_data(const Head& head, std::string_view payload) {
    const bool goes_on = head.opcode == opcode_more;
    const bool is_open = message_kind_ != FrameKind::need_more;
    if (goes_on != is_open) return {FrameKind::broken, {}};
    if (!goes_on) message_kind_ = head.opcode == opcode_text ? FrameKind::text : FrameKind::binary;
    message_.append(payload);
    if (!head.is_last) return {};
    Frame whole{message_kind_, std::move(message_)};
    message_.clear();
    message_kind_ = FrameKind::need_more;
    return whole;
}

Frame FrameReader::take(const Head& head) {
    const auto payload = std::string_view(buffer_).substr(head.head_bytes, head.payload_bytes);
    switch (head.opcode) {
        case opcode_more:
        case opcode_text:
        case opcode_binary:
            return take_data(head, payload);
        case opcode_close:
            return {FrameKind::close, std::string(payload)};
        case opcode_ping:
            return {FrameKind::ping, std::string(payload)};
        case opcode_pong:
            return {FrameKind::pong, std::string(payload)};
        default:
            return {FrameKind::broken, {}};
    }
}

Frame FrameReader::next() {
    for (;;) {
        Head head;
        const auto seen = read_head(head);
        if (seen != FrameKind::binary) return {seen, {}};
        auto frame = take(head);
        buffer_.erase(0, head.head_bytes + head.payload_bytes);
        if (frame.kind != FrameKind::need_more) return frame;
    }
}

std::string control_frame(FrameKind kind, std::string_view payload, const std::array<std::uint8_t, 4>& mask) {
    DR_CHECK(payload.size() <= control_bytes_max);
    const unsigned opcode = kind == FrameKind::ping   ? opcode_ping
                            : kind == FrameKind::pong ? opcode_pong
                                                      : opcode_close;
    std::string frame;
    frame.push_back(char(0x80u | opcode));
    frame.push_back(char(0x80u | unsigned(payload.size())));
    for (const auto byte : mask) frame.push_back(char(byte));
    for (std::size_t i = 0; i < payload.size(); ++i)
        frame.push_back(char(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]));
    return frame;
}

std::string upgrade_request(std::string_view host, std::string_view target, std::string_view key,
                            const ports::HttpFields& headers) {
    std::string text("GET ");
    text.append(target).append(" HTTP/1.1\r\nHost: ").append(host);
    text.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
    text.append("\r\nSec-WebSocket-Key: ").append(key).append("\r\n");
    for (const auto& [name, value] : headers) text.append(name).append(": ").append(value).append("\r\n");
    return text.append("\r\n");
}

bool opens_web_socket(std::string_view head, std::string_view key) {
    return head.starts_with("HTTP/1.1 101") && lower_case(field_in(head, "upgrade")) == "websocket" &&
           field_in(head, "sec-websocket-accept") == accept_for(key);
}

std::string web_socket_key(const std::array<std::uint8_t, 16>& random) { return base64_of(random); }

}  // namespace darkroom::http
