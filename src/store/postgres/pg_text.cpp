#include "store/postgres/pg_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace darkroom::store {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.substr(0, word.size()) == word && (text.size() == word.size() || !in_word(text[word.size()]));
}

std::size_t word_end(std::string_view text, std::size_t from) {
    while (from < text.size() && in_word(text[from])) ++from;
    return from;
}

// How long the hint is that begins here; 0 = it is none.
std::size_t hint_length(std::string_view text) {
    constexpr std::string_view indexed_by = "INDEXED BY ";
    constexpr std::string_view not_indexed = "NOT INDEXED";
    if (text.substr(0, indexed_by.size()) == indexed_by) return word_end(text, indexed_by.size());
    if (starts_with_word(text, not_indexed)) return not_indexed.size();
    if (starts_with_word(text, "CROSS JOIN")) return std::string_view("CROSS ").size();
    return 0;
}

std::size_t literal_length(std::string_view text) {
    const auto end = text.find('\'', 1);
    return end == std::string_view::npos ? text.size() : end + 1;
}

// The length of the character that begins here, or 0 if it is none.
std::size_t character_length(const std::uint8_t* at, std::size_t left) {
    const auto first = at[0];
    if (first == 0) return 0;
    if (first < 0x80) return 1;
    struct Form {
        std::uint8_t lowest, highest, second_lowest, second_highest;
        std::size_t length;
    };
    constexpr std::array<Form, 8> forms{{{0xc2, 0xdf, 0x80, 0xbf, 2},
                                         {0xe0, 0xe0, 0xa0, 0xbf, 3},
                                         {0xe1, 0xec, 0x80, 0xbf, 3},
                                         {0xed, 0xed, 0x80, 0x9f, 3},
                                         {0xee, 0xef, 0x80, 0xbf, 3},
                                         {0xf0, 0xf0, 0x90, 0xbf, 4},
                                         {0xf1, 0xf3, 0x80, 0xbf, 4},
                                         {0xf4, 0xf4, 0x80, 0x8f, 4}}};
    const auto* const form = std::find_if(forms.begin(), forms.end(), [first](const auto& candidate) {
        return first >= candidate.lowest && first <= candidate.highest;
    });
    if (form == forms.end() || left < form->length) return 0;
    if (at[1] < form->second_lowest || at[1] > form->second_highest) return 0;
    for (std::size_t i = 2; i < form->length; ++i) {
        if (at[i] < 0x80 || at[i] > 0xbf) return 0;
    }
    return form->length;
}

// U+10FF00 to U+10FFFF: f4 8f bc 80 to f4 8f bf bf.
constexpr std::string_view beginning_of_bytes = "\xf4\x8f";

bool stands_for_a_byte(std::string_view character) {
    return character.size() == 4 && character.substr(0, 2) == beginning_of_bytes &&
           static_cast<std::uint8_t>(character[2]) >= 0xbc;
}

void append_byte(std::string& text, std::uint8_t byte) {
    text += beginning_of_bytes;
    text += static_cast<char>(0xbc | byte >> 6);
    text += static_cast<char>(0x80 | (byte & 0x3f));
}

bool is_plain(std::string_view text) {
    // Eight bytes at a time: no high bit, no zero.
    constexpr std::uint64_t high = 0x8080808080808080;
    constexpr std::uint64_t low = 0x0101010101010101;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, sizeof word);
        if (((word | (word - low)) & high) != 0) return false;
    }
    return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                       [](char c) { return c > 0; });
}

}  // namespace

std::string to_postgres(std::string_view sql) {
    std::string text;
    text.reserve(sql.size() + 16);
    int parameters = 0;
    for (std::size_t at = 0; at < sql.size();) {
        const auto rest = sql.substr(at);
        const bool at_word = at == 0 || !in_word(sql[at - 1]);
        if (const auto hint = at_word ? hint_length(rest) : 0; hint > 0) {
            at += hint;
        } else if (rest[0] == '\'') {
            const auto length = literal_length(rest);
            text += rest.substr(0, length);
            at += length;
        } else if (rest[0] == '?') {
            const auto end = word_end(rest, 1);
            text += '$';
            text += end > 1 ? std::string(rest.substr(1, end - 1)) : std::to_string(++parameters);
            at += end;
        } else {
            text += rest[0];
            ++at;
        }
    }
    return text;
}

std::string_view to_held(std::string_view text, std::string& storage) {
    if (is_plain(text)) return text;
    storage.clear();
    bool changed = false;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    for (std::size_t at = 0; at < text.size();) {
        const auto length = character_length(bytes + at, text.size() - at);
        const bool fits = length > 0 && !stands_for_a_byte(text.substr(at, length));
        if (fits) {
            storage += text.substr(at, length);
            at += length;
        } else {
            append_byte(storage, bytes[at++]);
            changed = true;
        }
    }
    return changed ? std::string_view(storage) : text;
}

std::string_view from_held(std::string_view text, std::string& storage) {
    auto at = text.find(beginning_of_bytes);
    if (at == std::string_view::npos) return text;
    storage.clear();
    for (std::size_t done = 0;; at = text.find(beginning_of_bytes, done)) {
        storage += text.substr(done, at - done);
        if (at == std::string_view::npos) return storage;
        const auto character = text.substr(at, 4);
        if (stands_for_a_byte(character)) {
            storage += static_cast<char>((character[2] & 0x03) << 6 | (character[3] & 0x3f));
        } else {
            storage += character;
        }
        done = at + character.size();
    }
}

}  // namespace darkroom::store
