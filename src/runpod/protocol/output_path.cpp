#include "runpod/protocol/output_path.h"

#include <array>
#include <optional>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::runpod {
namespace {

constexpr std::array<std::string_view, 2> roots = {"/workspace/", "/runpod-volume/"};
constexpr std::string_view replacement_character = "\xef\xbf\xbd";

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

// Once, and what then still looks encoded is refused: somebody behind us might decode again.
std::optional<std::string> decoded_once(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out.push_back(text[at]);
            continue;
        }
        const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
        const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
        if (!high || !low) return std::nullopt;
        const auto byte = static_cast<char>(*high * 16 + *low);
        if (byte == '%') return std::nullopt;
        out.push_back(byte);
        at += 2;
    }
    return out;
}

bool has_bad_character(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f || c == '\\') return true;
    }
    // The writer puts U+FFFD where it meets what is not UTF-8; in a name that is refused as well.
    std::string written;
    append_json_string(written, text);
    return written.find(replacement_character) != std::string::npos;
}

bool has_bad_part(std::string_view text) {
    while (true) {
        const auto slash = text.find('/');
        const auto part = text.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return true;
        if (slash == std::string_view::npos) return false;
        text.remove_prefix(slash + 1);
    }
}

Result<std::string, OutputPathError> checked(std::string key, std::string_view prefix) {
    if (has_bad_character(key)) return Fail(OutputPathError::bad_character);
    if (has_bad_part(key)) return Fail(OutputPathError::bad_part);
    const bool below = key.size() > prefix.size() + 1 && key.starts_with(prefix) && key[prefix.size()] == '/';
    if (!below) return Fail(OutputPathError::outside_prefix);
    return key;
}

}  // namespace

std::string_view describe(OutputPathError error) {
    switch (error) {
        case OutputPathError::too_long:
            return "the path is too long";
        case OutputPathError::unknown_root:
            return "the path is not on the network volume";
        case OutputPathError::bad_encoding:
            return "the path is not encoded as a path may be";
        case OutputPathError::bad_character:
            return "the path holds a character that no path of an output holds";
        case OutputPathError::bad_part:
            return "the path has an empty part, . or ..";
        case OutputPathError::outside_prefix:
            return "the path is not below the attempt's own prefix";
    }
    return "the path cannot be used";
}

Result<std::string, OutputPathError> check_reported_key(std::string_view key, std::string_view prefix) {
    DR_CHECK(!prefix.empty() && !prefix.ends_with('/'));
    if (key.size() > path_bytes_max) return Fail(OutputPathError::too_long);
    auto decoded = decoded_once(key);
    if (!decoded) return Fail(OutputPathError::bad_encoding);
    return checked(*std::move(decoded), prefix);
}

Result<std::string, OutputPathError> key_of_path(std::string_view path, std::string_view prefix) {
    if (path.size() > path_bytes_max) return Fail(OutputPathError::too_long);
    for (const auto root : roots) {
        if (path.starts_with(root)) return check_reported_key(path.substr(root.size()), prefix);
    }
    return Fail(OutputPathError::unknown_root);
}

std::string volume_path(std::string_view key) { return std::string(roots[1]) + std::string(key); }

}  // namespace darkroom::runpod
