// What comes over ComfyUI's WebSocket, for progress only: events can be lost, late or somebody else's, so a
// prompt's end is never taken from here. An event that says "look now" is a hint to ask /history. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "comfyui/prompt.h"

namespace darkroom::comfyui {

enum class SocketEventKind {
    none,           // a type of some extension, or nothing that concerns a prompt
    queue_changed,  // `queue_remaining`
    started,        // execution_start, execution_cached
    node_begins,    // `node`
    progress,       // `value` of `max` in `node`
    look_now        // it may have ended: success, error, interrupted, or no node left
};

struct SocketEvent {
    SocketEventKind kind = SocketEventKind::none;
    std::optional<PromptId> prompt;  // unset where the server does not tell, or its id is none of ours
    std::string node;
    double value = 0;
    double max = 0;
    std::int64_t queue_remaining = 0;
};

inline constexpr std::size_t socket_frame_bytes_max = 64u << 20;

/// Anything that cannot be read is an event of kind none: a broken frame must not end the reading.
SocketEvent read_socket_text(std::string_view frame);

struct SocketPreview {
    std::optional<PromptId> prompt;  // only told by frames with metadata
    std::string node;
    bool is_png = false;
    std::string_view picture;  // part of the frame
};

/// nullopt for other frames, unknown types and lengths that lie.
std::optional<SocketPreview> read_socket_preview(std::string_view frame);

}  // namespace darkroom::comfyui
