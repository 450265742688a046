#include "comfyui/view_file.h"

#include <array>

#include "base/json.h"
#include "base/percent.h"

namespace darkroom::comfyui {
namespace {

constexpr std::array<std::string_view, 3> kinds = {"output", "temp", "input"};
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t folder_bytes_max = 1024;
constexpr std::string_view replacement_character = "\xef\xbf\xbd";

bool has_bad_character(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f || c == '\\') return true;
    }
    // The writer puts U+FFFD where it meets what is not UTF-8.
    std::string written;
    append_json_string(written, text);
    return written.find(replacement_character) != std::string::npos;
}

bool has_bad_part(std::string_view folder) {
    for (;;) {
        const auto slash = folder.find('/');
        const auto part = folder.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return true;
        if (slash == std::string_view::npos) return false;
        folder.remove_prefix(slash + 1);
    }
}

// "x.png [input]" and "blake3:…" mean another file to the server than the one that is called so.
bool is_read_otherwise(std::string_view name) {
    return name.ends_with("]") || name.starts_with("blake3:") || name.starts_with("asset:");
}

}  // namespace

std::string_view to_string(FileKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<FileKind> parse_file_kind(std::string_view text) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == text) return static_cast<FileKind>(i);
    }
    return std::nullopt;
}

std::optional<std::string_view> problem_of(const ViewFile& file) {
    if (file.name.empty()) return "the file has no name";
    if (file.name.size() > name_bytes_max) return "the file's name is too long";
    if (file.folder.size() > folder_bytes_max) return "the file's folder is too long";
    if (has_bad_character(file.name) || has_bad_character(file.folder))
        return "the file's name holds a character that no name of a result holds";
    if (file.name.find('/') != std::string::npos || file.name == "." || file.name == "..")
        return "the file's name is a path";
    if (is_read_otherwise(file.name)) return "the file's name means another file to the server";
    if (!file.folder.empty() && has_bad_part(file.folder))
        return "the file's folder has an empty part, . or ..";
    return std::nullopt;
}

bool is_in_folder(const ViewFile& file, std::string_view folder) {
    if (!std::string_view(file.folder).starts_with(folder)) return false;
    return file.folder.size() == folder.size() || file.folder[folder.size()] == '/';
}

std::string view_query(const ViewFile& file) {
    auto query = "filename=" + percent_encode(file.name);
    if (!file.folder.empty()) query += "&subfolder=" + percent_encode(file.folder);
    return query + "&type=" + std::string(to_string(file.kind));
}

std::string input_name(const ViewFile& file) {
    return file.folder.empty() ? file.name : file.folder + "/" + file.name;
}

}  // namespace darkroom::comfyui
