// A file that ComfyUI says it has: for /view, and for an input of a graph. Names come from nodes that
// anybody may have written, so one with a trick in it is never asked for. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::comfyui {

enum class FileKind { output, temp, input };
std::string_view to_string(FileKind kind);
std::optional<FileKind> parse_file_kind(std::string_view text);

struct ViewFile {
    std::string name;
    std::string folder;  // below the server's folder of that kind; may be empty
    FileKind kind = FileKind::output;
};

/// nullopt, or what is wrong with its names.
std::optional<std::string_view> problem_of(const ViewFile& file);
/// Whether it lies in `folder` or below.
bool is_in_folder(const ViewFile& file, std::string_view folder);
/// /view's query: filename=…&subfolder=…&type=…
std::string view_query(const ViewFile& file);
/// As a graph names an input: folder/name.
std::string input_name(const ViewFile& file);

}  // namespace darkroom::comfyui
