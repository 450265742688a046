// WebP (RFC 9649): RIFF chunks of type, length (little end first), data, padded to even lengths. A simple
// file is one image chunk; an extended one starts with VP8X, whose flags tell what else there is.
#include <cstdint>

#include "imaging/codec/bare_file.h"
#include "imaging/codec/byte_fields.h"

namespace darkroom::imaging {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t file_head = 12;  // RIFF, length, WEBP
constexpr std::size_t chunk_head = 8;
constexpr std::size_t canvas_bytes = 10;  // flags, three reserved, width and height
constexpr char has_profile = 0x20, has_alpha = 0x10;

/// The first chunk of each kind that matters; empty where there is none.
struct Chunks {
    std::string_view canvas, profile, alpha, image;
    std::string_view image_type;  // "VP8 " or "VP8L"
    bool simple = false;          // the image comes first; what follows is no part of the picture
};

bool is_image(std::string_view type) { return type == "VP8 " || type == "VP8L"; }

void take_chunk(std::string_view type, std::string_view data, Chunks& chunks) {
    const auto take = [&](std::string_view& place) {
        if (place.empty()) place = data;
    };
    if (type == "VP8X") take(chunks.canvas);
    if (type == "ICCP") take(chunks.profile);
    if (type == "ALPH") take(chunks.alpha);
    if (!is_image(type) || !chunks.image.empty()) return;
    chunks.image = data;
    chunks.image_type = type;
}

Result<Chunks, BareFileError> read_chunks(std::string_view file) {
    Chunks chunks;
    for (std::size_t at = file_head; at + chunk_head <= file.size();) {
        const auto type = file.substr(at, 4);
        const std::size_t bytes = u32le_at(file, at + 4);
        if (bytes > file.size() - at - chunk_head) return Fail(BareFileError::truncated);
        take_chunk(type, file.substr(at + chunk_head, bytes), chunks);
        if (at == file_head && is_image(type)) {
            chunks.simple = true;
            break;
        }
        at += chunk_head + bytes + bytes % 2;
    }
    if (chunks.image.empty()) return Fail(BareFileError::truncated);
    if (!chunks.simple && chunks.canvas.size() < canvas_bytes) return Fail(BareFileError::corrupt);
    return chunks;
}

std::string little_endian(std::size_t value) {
    return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
            static_cast<char>(value >> 24)};
}

void append(std::string& file, std::string_view type, std::string_view data) {
    if (data.empty()) return;
    file += type;
    file += little_endian(data.size());
    file += data;
    if (data.size() % 2 != 0) file += '\0';
}

std::string bare_canvas(const Chunks& chunks) {
    std::string canvas(chunks.canvas.substr(0, canvas_bytes));
    const char alpha = static_cast<char>(canvas[0] & has_alpha);
    canvas[0] = static_cast<char>(alpha | (chunks.profile.empty() ? 0 : has_profile));
    canvas[1] = canvas[2] = canvas[3] = 0;
    return canvas;
}

}  // namespace

Result<std::string, BareFileError> bare_webp(std::string_view file) {
    if (file.size() < file_head + chunk_head || file.substr(0, 4) != "RIFF" || file.substr(8, 4) != "WEBP")
        return Fail(BareFileError::corrupt);
    const std::size_t declared = std::size_t{u32le_at(file, 4)} + 8;
    if (declared > file.size()) return Fail(BareFileError::truncated);
    const auto chunks = read_chunks(file.substr(0, declared));
    if (!chunks) return Fail(chunks.error());
    std::string body = "WEBP";
    if (!chunks->simple) {
        append(body, "VP8X", bare_canvas(*chunks));
        append(body, "ICCP", chunks->profile);
        if (chunks->image_type == "VP8 ") append(body, "ALPH", chunks->alpha);
    }
    append(body, chunks->image_type, chunks->image);
    return "RIFF" + little_endian(body.size()) + body;
}

}  // namespace darkroom::imaging
