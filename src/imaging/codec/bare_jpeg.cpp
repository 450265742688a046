// JPEG (ITU-T T.81 annex B): markers FF xx, most with a length, and after each SOS the codes of a scan, in
// which FF stands only before 00 and before restart markers.
#include <cstdint>

#include "imaging/codec/bare_file.h"
#include "imaging/codec/byte_fields.h"

namespace darkroom::imaging {
namespace {

using namespace std::string_view_literals;

enum Marker : std::uint32_t {
    stuffed = 0x00,
    temporary = 0x01,
    first_frame = 0xc0,
    last_frame = 0xcf,
    first_restart = 0xd0,
    last_restart = 0xd7,
    start_of_image = 0xd8,
    end_of_image = 0xd9,
    start_of_scan = 0xda,
    quantization = 0xdb,
    line_count = 0xdc,
    restart_interval = 0xdd,
    jfif = 0xe0,
    profile = 0xe2,
    adobe = 0xee
};

// JFIF says that colours are YCbCr. Its resolution and thumbnail are not the picture.
constexpr auto bare_jfif = "\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"sv;

bool starts_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

bool is_restart(std::uint32_t marker) { return marker >= first_restart && marker <= last_restart; }

/// Tables, frames and scans; T.81 has C8 and the hierarchical ones too, which decoders then refuse by
/// themselves.
bool is_needed_to_decode(std::uint32_t marker) {
    return (marker >= first_frame && marker <= last_frame) || marker == start_of_scan ||
           marker == quantization || marker == line_count || marker == restart_interval;
}

std::size_t find_end_of_scan(std::string_view file, std::size_t at) {
    for (;;) {
        at = file.find('\xff', at);
        if (at == file.npos) return file.size();
        // Any number of FF may stand before the code.
        const std::size_t code = file.find_first_not_of('\xff', at);
        if (code == file.npos) return file.size();
        const std::uint32_t marker = u8_at(file, code);
        if (marker != stuffed && !is_restart(marker)) return at;
        at = code + 1;
    }
}

class JpegCopy {
public:
    explicit JpegCopy(std::string_view file) : file_(file) {}

    Result<std::string, BareFileError> make() {
        for (;;) {
            if (!find_marker()) return Fail(BareFileError::truncated);
            const std::uint32_t marker = u8_at(file_, at_++);
            if (marker == end_of_image) break;
            // Outside of scans these say nothing.
            if (marker == stuffed || marker == temporary || is_restart(marker)) continue;
            if (marker == start_of_image) return Fail(BareFileError::corrupt);
            if (file_.size() - at_ < 2) return Fail(BareFileError::truncated);
            const std::size_t bytes = u16be_at(file_, at_);
            if (bytes < 2) return Fail(BareFileError::corrupt);
            if (bytes > file_.size() - at_) return Fail(BareFileError::truncated);
            copy_segment(marker, file_.substr(at_ + 2, bytes - 2));
            at_ += bytes;
            if (marker == start_of_scan) copy_scan();
        }
        if (!scan_seen_) return Fail(BareFileError::corrupt);
        bare_ += "\xff\xd9"sv;
        return std::move(bare_);
    }

private:
    // Past any stray bytes, as decoders do, and past fill bytes.
    bool find_marker() {
        at_ = file_.find('\xff', at_);
        if (at_ != file_.npos) at_ = file_.find_first_not_of('\xff', at_);
        return at_ != file_.npos;
    }

    void copy_segment(std::uint32_t marker, std::string_view data) {
        if (is_needed_to_decode(marker)) return append(marker, data);
        if (scan_seen_) return;  // decoders look for colour before the first scan only
        if (marker == profile && starts_with(data, "ICC_PROFILE\0"sv)) append(marker, data);
        // The last of these tells YCbCr from RGB, and YCCK from CMYK.
        if (marker == adobe && starts_with(data, "Adobe"sv) && data.size() >= 12)
            append(marker, data.substr(0, 12));
        if (marker == jfif && starts_with(data, "JFIF\0"sv) && !jfif_seen_) {
            bare_ += bare_jfif;
            jfif_seen_ = true;
        }
    }

    void append(std::uint32_t marker, std::string_view data) {
        const std::size_t bytes = data.size() + 2;
        bare_ += {'\xff', static_cast<char>(marker), static_cast<char>(bytes >> 8), static_cast<char>(bytes)};
        bare_ += data;
    }

    void copy_scan() {
        scan_seen_ = true;
        const std::size_t end = find_end_of_scan(file_, at_);
        bare_ += file_.substr(at_, end - at_);
        at_ = end;
    }

    std::string_view file_;
    std::string bare_{"\xff\xd8"};
    std::size_t at_ = 2;
    bool scan_seen_ = false;
    bool jfif_seen_ = false;
};

}  // namespace

Result<std::string, BareFileError> bare_jpeg(std::string_view file) {
    if (!starts_with(file, "\xff\xd8"sv)) return Fail(BareFileError::corrupt);
    return JpegCopy(file).make();
}

}  // namespace darkroom::imaging
