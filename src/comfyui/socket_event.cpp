#include "comfyui/socket_event.h"

#include <cmath>

#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

namespace json = boost::json;

constexpr std::size_t text_bytes_max = 8u << 20;  // executed carries what nodes show
constexpr std::size_t preview_head_bytes_max = 64u << 10;

double number_in(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return 0;
    json::error_code error;
    const auto number = value->to_number<double>(error);
    return error || !std::isfinite(number) ? 0 : number;
}

std::int64_t queue_remaining(const json::object& data) {
    const auto* status = object_in(data, "status");
    const auto* info = status == nullptr ? nullptr : object_in(*status, "exec_info");
    if (info == nullptr) return 0;
    const auto number = number_in(*info, "queue_remaining");
    return number < 0 || number > 1e9 ? 0 : static_cast<std::int64_t>(number);
}

SocketEventKind kind_of(std::string_view type, const json::object& data) {
    if (type == "status") return SocketEventKind::queue_changed;
    if (type == "execution_start" || type == "execution_cached") return SocketEventKind::started;
    if (type == "progress") return SocketEventKind::progress;
    if (type == "execution_success" || type == "execution_interrupted") return SocketEventKind::look_now;
    // A branch that a node blocked on purpose is no end of the prompt.
    if (type == "execution_error")
        return text_in(data, "exception_type") == "ExecutionBlocked" ? SocketEventKind::none
                                                                     : SocketEventKind::look_now;
    if (type == "executing") {
        const auto* node = data.if_contains("node");
        return node == nullptr || node->is_null() ? SocketEventKind::look_now : SocketEventKind::node_begins;
    }
    return SocketEventKind::none;
}

std::optional<std::uint32_t> big_endian(std::string_view& frame) {
    if (frame.size() < 4) return std::nullopt;
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(frame[i]);
    frame.remove_prefix(4);
    return number;
}

std::optional<SocketPreview> preview_with_metadata(std::string_view frame) {
    const auto head_bytes = big_endian(frame);
    if (!head_bytes || *head_bytes > frame.size() || *head_bytes > preview_head_bytes_max)
        return std::nullopt;
    const auto read = parse_python_json(frame.substr(0, *head_bytes), preview_head_bytes_max);
    const auto* head = read ? read->if_object() : nullptr;
    if (head == nullptr) return std::nullopt;
    return SocketPreview{PromptId::parse(text_in(*head, "prompt_id")), text_in(*head, "node_id"),
                         text_in(*head, "image_type") == "image/png", frame.substr(*head_bytes)};
}

}  // namespace

SocketEvent read_socket_text(std::string_view frame) {
    SocketEvent event;
    const auto read = parse_python_json(frame, text_bytes_max);
    const auto* root = read ? read->if_object() : nullptr;
    const auto* data = root == nullptr ? nullptr : object_in(*root, "data");
    if (data == nullptr) return event;
    event.kind = kind_of(text_in(*root, "type"), *data);
    if (event.kind == SocketEventKind::none) return event;
    event.prompt = PromptId::parse(text_in(*data, "prompt_id"));
    event.node = text_in(*data, "node");
    if (event.kind == SocketEventKind::queue_changed) event.queue_remaining = queue_remaining(*data);
    if (event.kind == SocketEventKind::progress) {
        event.value = number_in(*data, "value");
        event.max = number_in(*data, "max");
    }
    return event;
}

std::optional<SocketPreview> read_socket_preview(std::string_view frame) {
    if (frame.size() > socket_frame_bytes_max) return std::nullopt;
    const auto type = big_endian(frame);
    if (!type) return std::nullopt;
    if (*type == 4) return preview_with_metadata(frame);
    if (*type != 1) return std::nullopt;
    const auto format = big_endian(frame);
    if (!format || (*format != 1 && *format != 2)) return std::nullopt;
    return SocketPreview{std::nullopt, {}, *format == 2, frame};
}

}  // namespace darkroom::comfyui
