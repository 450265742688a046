// PNG (third edition): signature, then chunks of length, type, data, CRC; IHDR first, IEND last.
#include <array>
#include <cstdint>

#include "imaging/codec/bare_file.h"
#include "imaging/codec/byte_fields.h"

namespace darkroom::imaging {
namespace {

using namespace std::string_view_literals;

constexpr auto signature = "\x89PNG\r\n\x1a\n"sv;
constexpr auto end_chunk = "\0\0\0\0IEND\xae\x42\x60\x82"sv;
constexpr std::size_t chunk_frame = 12;  // length, type and CRC

enum ColourType : std::uint32_t { grey = 0, rgb = 2, palette = 3 };

/// The chunks that change what is seen, each with the sizes it may have: a chunk of another size is ignored
/// by decoders, so it could carry anything.
bool changes_pixels(std::string_view type, std::size_t bytes, std::uint32_t colour) {
    if (type == "IHDR") return bytes == 13;
    if (type == "PLTE") return colour == palette && bytes <= 768;  // elsewhere it is a mere suggestion
    if (type == "tRNS") {
        return (colour == palette && bytes <= 256) || (colour == grey && bytes == 2) ||
               (colour == rgb && bytes == 6);
    }
    if (type == "gAMA" || type == "cICP") return bytes == 4;
    if (type == "cHRM") return bytes == 32;
    if (type == "sRGB") return bytes == 1;
    return type == "iCCP";
}

/// What is known of a PNG while its chunks go by.
class ChunkFilter {
public:
    bool keeps(std::string_view type, std::string_view data) {
        if (type == "IDAT") {
            pixels_seen_ = true;
            return true;
        }
        if (type == "IHDR" && data.size() == 13) colour_ = u8_at(data, 9);
        return !pixels_seen_ && changes_pixels(type, data.size(), colour_) && is_first(type);
    }
    bool pixels_seen() const { return pixels_seen_; }

private:
    bool is_first(std::string_view type) {
        for (auto& known : seen_) {
            if (known == type) return false;
            if (known.empty()) {
                known = type;
                return true;
            }
        }
        return false;
    }

    std::uint32_t colour_ = 0;
    bool pixels_seen_ = false;
    std::array<std::string_view, 8> seen_;  // as many as changes_pixels() knows
};

}  // namespace

Result<std::string, BareFileError> bare_png(std::string_view file) {
    if (file.substr(0, signature.size()) != signature) return Fail(BareFileError::corrupt);
    std::string bare(signature);
    ChunkFilter filter;
    for (std::size_t at = signature.size(); file.size() - at >= chunk_frame;) {
        const std::size_t bytes = u32be_at(file, at);
        if (bytes > INT32_MAX) return Fail(BareFileError::corrupt);
        if (bytes > file.size() - at - chunk_frame) return Fail(BareFileError::truncated);
        const auto type = file.substr(at + 4, 4);
        if (type == "IEND") {
            if (!filter.pixels_seen()) return Fail(BareFileError::corrupt);
            return bare.append(end_chunk);
        }
        if (filter.keeps(type, file.substr(at + 8, bytes))) bare += file.substr(at, bytes + chunk_frame);
        at += bytes + chunk_frame;
    }
    return Fail(BareFileError::truncated);
}

}  // namespace darkroom::imaging
