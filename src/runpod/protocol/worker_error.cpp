#include "runpod/protocol/worker_error.h"

#include "base/json_writer.h"
#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

constexpr std::size_t part_bytes_max = 4096;
constexpr std::size_t text_bytes_max = 1u << 20;
constexpr std::string_view traceback_mark = "\ntraceback:";

// Cuts between characters, not inside one.
std::string cut(std::string text) {
    if (text.size() <= part_bytes_max) return text;
    auto end = part_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
    text.resize(end);
    return text;
}

WorkerError plain(std::string_view text) {
    WorkerError error;
    const auto mark = text.find(traceback_mark);
    if (mark != std::string_view::npos) {
        error.traceback = cut(std::string(text.substr(mark + traceback_mark.size())));
        text = text.substr(0, mark);
        while (text.ends_with(' ')) text.remove_suffix(1);
    }
    error.message = cut(std::string(text));
    return error;
}

}  // namespace

std::string write_worker_error(const WorkerError& error) {
    JsonWriter json;
    json.begin_object();
    json.member("error_type", error.type).member("error_message", error.message);
    json.member("error_traceback", error.traceback).member("hostname", error.hostname);
    json.member("worker_id", error.worker_id).member("runpod_version", error.version);
    return json.end_object().take();
}

WorkerError read_worker_error(std::string_view text) {
    if (first_json_character(text) != '{') return plain(text);
    auto members = pick_json_members(text,
                                     {{"error_type", text_bytes_max},
                                      {"error_message", text_bytes_max},
                                      {"error_traceback", text_bytes_max},
                                      {"hostname", text_bytes_max},
                                      {"worker_id", text_bytes_max},
                                      {"runpod_version", text_bytes_max}},
                                     text_bytes_max);
    if (!members) return plain(text);
    const auto part = [&](std::string_view name) { return cut(members->take_text(name).value_or("")); };
    WorkerError error{part("error_type"), part("error_message"), part("error_traceback"),
                      part("hostname"),   part("worker_id"),     part("runpod_version")};
    // JSON of another shape: better shown as it is than not at all.
    if (error.type.empty() && error.message.empty()) return plain(text);
    return error;
}

}  // namespace darkroom::runpod
