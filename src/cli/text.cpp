#include "cli/text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>

namespace darkroom::cli {
namespace {

std::string one_decimal(double value) {
    std::array<char, 32> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.1f", value);
    return {buffer.data(), static_cast<std::size_t>(length)};
}

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0;  // 0 = not valid UTF-8 (RFC 3629)
};

CodePoint decode(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return {};
    char32_t value = lead & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0u) != 0x80u) return {};
        value = value << 6 | (byte(i) & 0x3fu);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
    return {value, length};
}

struct Range {
    char32_t first, last;
};

template <std::size_t N>
bool in(const Range (&ranges)[N], char32_t c) {
    for (const auto& range : ranges) {
        if (c >= range.first && c <= range.last) return true;
    }
    return false;
}

// C0, C1, DEL, line separators, and what turns the direction of writing around (Unicode TR36, bidi spoofing).
constexpr Range unprintable[] = {
    {0, 0x1f}, {0x7f, 0x9f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0x200e, 0x200f}};
// The common cases of Unicode TR11; a wrong guess only moves a table's edge.
constexpr Range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
                          {0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
                          {0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
constexpr Range combining[] = {
    {0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0x200b, 0x200d}};

int width_of(char32_t c) { return in(combining, c) ? 0 : in(wide, c) ? 2 : 1; }

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1'000) return std::to_string(bytes) + " B";
    constexpr const char* units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    double value = static_cast<double>(bytes) / 1'000;
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < std::size(units)) {
        value /= 1'000;
        ++unit;
    }
    const auto whole = std::llround(value);
    return (unit == 0 || value >= 99.95 ? std::to_string(whole) : one_decimal(value)) + " " + units[unit];
}

std::string human_duration(Milliseconds duration) {
    const auto ms = std::max<std::int64_t>(duration.count(), 0);
    if (ms < 9'950) return one_decimal(static_cast<double>(ms) / 1'000) + " s";
    const auto seconds = (ms + 500) / 1'000;
    if (seconds < 60) return std::to_string(seconds) + " s";
    if (seconds < 3'600) return std::to_string(seconds / 60) + " m " + std::to_string(seconds % 60) + " s";
    return std::to_string(seconds / 3'600) + " h " + std::to_string(seconds % 3'600 / 60) + " m";
}

std::string human_usd(double usd) {
    std::array<char, 48> text{};
    if (usd > 0 && usd < 0.0001) return "<$0.0001";
    std::snprintf(text.data(), text.size(), usd < 10 ? "$%.4f" : "$%.2f", usd);
    return text.data();
}

std::string human_stage(std::string_view stage) {
    if (stage == "cold_start") return "a worker to start";
    if (stage == "capacity") return "a free GPU at RunPod";
    if (stage == "workers") return "workers: none is there";
    return {};
}

std::string human_age(Milliseconds age) {
    const auto seconds = std::max<std::int64_t>(age.count(), 0) / 1'000;
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3'600) return std::to_string(seconds / 60) + "m";
    if (seconds < 2ll * 86'400) return std::to_string(seconds / 3'600) + "h";
    return std::to_string(seconds / 86'400) + "d";
}

std::string counted(std::size_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto point = decode(text);
        const auto bytes = point.bytes == 0 ? 1 : point.bytes;
        if (point.bytes == 0 || in(unprintable, point.value)) {
            out += "\xef\xbf\xbd";
        } else {
            out.append(text.substr(0, bytes));
        }
        text.remove_prefix(bytes);
    }
    return out;
}

int display_width(std::string_view text) {
    int width = 0;
    while (!text.empty()) {
        const auto point = decode(text);
        width += point.bytes == 0 ? 1 : width_of(point.value);
        text.remove_prefix(point.bytes == 0 ? 1 : point.bytes);
    }
    return width;
}

std::string cut_to_width(std::string_view text, int columns) {
    if (display_width(text) <= columns) return std::string(text);
    if (columns <= 0) return {};
    int width = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        const auto point = decode(text.substr(end));
        const int next = point.bytes == 0 ? 1 : width_of(point.value);
        if (width + next > columns - 1) break;
        width += next;
        end += point.bytes == 0 ? 1 : point.bytes;
    }
    return std::string(text.substr(0, end)) + "…";
}

std::string pad_to_width(std::string_view text, int columns) {
    std::string out(text);
    const int missing = columns - display_width(text);
    if (missing > 0) out.append(static_cast<std::size_t>(missing), ' ');
    return out;
}

}  // namespace darkroom::cli
