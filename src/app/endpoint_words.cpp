#include "app/endpoint_words.h"

#include <algorithm>
#include <charconv>

namespace darkroom::app {
namespace {

constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t shown_bytes_max = 40;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view next_part(std::string_view& rest, char separator) {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trimmed(part);
}

bool is_endpoint_word(std::string_view text, std::string_view also) {
    return !text.empty() && text.size() <= word_bytes_max &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_letter_or_digit(c) || also.find(c) != std::string_view::npos;
           });
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string shown(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, shown_bytes_max)) out += c >= 0x20 && c < 0x7f ? c : '?';
    return out + (text.size() > shown_bytes_max ? "…\"" : "\"");
}

std::optional<int> parse_count(std::string_view text, int low, int high) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
        return std::nullopt;
    return value;
}

}  // namespace darkroom::app
