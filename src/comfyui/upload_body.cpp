#include "comfyui/upload_body.h"

#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

constexpr std::size_t answer_bytes_max = 64u << 10;

std::string boundary_for(std::string_view bytes) {
    for (int n = 0;; ++n) {
        auto boundary = "darkroom-boundary-" + std::to_string(n);
        if (bytes.find(boundary) == std::string_view::npos) return boundary;
    }
}

// As browsers do it: what would end the name is percent-encoded.
std::string quoted(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '"') {
            out += "%22";
        } else {
            out.push_back(c);
        }
    }
    return out;
}

void add_field(std::string& text, const std::string& boundary, std::string_view name,
               std::string_view value) {
    text +=
        "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n";
    text.append(value);
    text += "\r\n";
}

}  // namespace

UploadBody write_upload(const ViewFile& file, std::string_view content_type, std::string_view bytes) {
    const auto boundary = boundary_for(bytes);
    std::string text;
    text.reserve(bytes.size() + 1024);
    add_field(text, boundary, "type", to_string(file.kind));
    if (!file.folder.empty()) add_field(text, boundary, "subfolder", file.folder);
    add_field(text, boundary, "overwrite", "true");
    text += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"" +
            quoted(file.name) + "\"\r\nContent-Type: " + std::string(content_type) + "\r\n\r\n";
    text.append(bytes);
    text += "\r\n--" + boundary + "--\r\n";
    return {"multipart/form-data; boundary=" + boundary, std::move(text)};
}

Result<ViewFile, std::string> read_upload_answer(std::string_view body) {
    const auto read = parse_python_json(body, answer_bytes_max);
    if (!read) return Fail("/upload/image: " + read.error().detail);
    const auto* answer = read->if_object();
    if (answer == nullptr) return Fail(std::string("/upload/image: the answer is no object"));
    ViewFile file{text_in(*answer, "name"), text_in(*answer, "subfolder"), FileKind::input};
    const auto kind = parse_file_kind(text_in(*answer, "type"));
    if (!kind) return Fail(std::string("/upload/image: the answer does not say where the file is"));
    file.kind = *kind;
    if (const auto problem = problem_of(file)) return Fail("/upload/image: " + std::string(*problem));
    return file;
}

}  // namespace darkroom::comfyui
