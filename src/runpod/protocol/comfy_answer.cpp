#include "runpod/protocol/comfy_answer.h"

#include <algorithm>
#include <utility>

#include "runpod/protocol/json_members.h"

namespace darkroom::runpod {
namespace {

using Answer = Result<std::optional<ComfyAnswer>, ProtocolError>;
using In = ComfyPicture::In;

constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t words_bytes_max = 64u << 10;
constexpr std::size_t warnings_max = 16;

Failure<ProtocolError> wrong(std::string detail) { return Fail(ProtocolError{std::move(detail)}); }

bool is_link(std::string_view text) { return text.starts_with("https://") || text.starts_with("http://"); }

std::optional<std::string> text_of(const std::string& element) {
    auto members =
        pick_json_members(R"({"it":)" + element + "}", {{"it", element.size()}}, element.size() + 16);
    if (!members) return std::nullopt;
    return members->take_text("it");
}

/// Bytes in the answer, or where they can be fetched, told by what it looks like.
Result<ComfyPicture, ProtocolError> picture_in(std::string name, const std::string& data) {
    if (is_link(data)) {
        if (data.size() > path_bytes_max) return wrong("a picture's URL is too long");
        return ComfyPicture{In::link, std::move(name), data};
    }
    auto base64 = strict_base64(data);
    if (!base64) return wrong("a picture is neither a URL nor base64");
    return ComfyPicture{In::text, std::move(name), *std::move(base64)};
}

Result<ComfyPicture, ProtocolError> read_image(const std::string& element) {
    const auto first = first_json_character(element);
    if (first == '"') return picture_in({}, text_of(element).value_or(""));
    if (first != '{') return wrong("an element of images is neither an object nor a text");
    auto members = pick_json_members(element,
                                     {{"filename", path_bytes_max},
                                      {"type", 64},
                                      {"data", element.size()},
                                      {"image", element.size()},
                                      {"url", path_bytes_max}},
                                     element.size());
    if (!members) return wrong("an element of images cannot be read");
    auto data = members->take_text("data");
    if (!data) data = members->take_text("image");
    if (!data) data = members->take_text("url");
    if (!data || data->empty()) return wrong("an element of images has no data");
    const auto type = members->take_text("type").value_or("");
    if (type == "s3_url" && !is_link(*data)) return wrong("a picture of type s3_url has no URL");
    return picture_in(members->take_text("filename").value_or(""), *data);
}

Result<std::vector<ComfyPicture>, ProtocolError> read_images(const std::string& json) {
    const auto elements = split_json_array(json, json.size(), comfy_pictures_max);
    if (!elements) return wrong("images is no array of at most 64");
    std::vector<ComfyPicture> pictures;
    for (const auto& element : *elements) {
        auto picture = read_image(element);
        if (!picture) return Fail(std::move(picture).error());
        pictures.push_back(*std::move(picture));
    }
    return pictures;
}

Result<std::vector<ComfyPicture>, ProtocolError> read_files(const std::string& json) {
    const auto elements = split_json_array(json, json.size(), comfy_pictures_max);
    if (!elements) return wrong("files is no array of at most 64");
    std::vector<ComfyPicture> pictures;
    for (const auto& element : *elements) {
        auto path = text_of(element);
        if (!path || path->empty() || path->size() > path_bytes_max)
            return wrong("an element of files is no path");
        auto name = path->substr(path->rfind('/') + 1);
        pictures.push_back({In::file, std::move(name), *std::move(path)});
    }
    return pictures;
}

std::vector<std::string> read_warnings(const std::optional<std::string>& json) {
    std::vector<std::string> warnings;
    if (!json) return warnings;
    const auto elements = split_json_array(*json, json->size(), 1'000);
    if (!elements) return warnings;
    for (const auto& element : *elements) {
        if (warnings.size() == warnings_max) break;
        warnings.push_back(text_of(element).value_or(element));
    }
    return warnings;
}

/// Files that an answer of Darkroom's own worker names are objects.
bool is_list_of_paths(const std::string& files) {
    const auto at = files.find_first_not_of("[ \t\r\n");
    return files.front() == '[' && at != std::string::npos && (files[at] == '"' || files[at] == ']');
}

Answer read_members(JsonMembers& members) {
    ComfyAnswer answer;
    answer.prompt_id = members.take_text("prompt_id").value_or("").substr(0, 64);
    const auto count = members.take_count("file_count");
    const auto status = members.take_text("status").value_or("");
    auto files = members.take_json("files");
    auto images = members.take_json("images");
    auto message = members.take_text("message");
    auto error = members.take_json("error");
    if (members.too_large("files") || members.too_large("error")) return wrong("a member is too large");
    const bool is_other = files ? !is_list_of_paths(*files) : !images && status.empty() && !error;
    if (is_other) return std::optional<ComfyAnswer>();
    answer.warnings = read_warnings(members.take_json("errors"));
    if (error || status == "error" || status == "failed") {
        answer.error =
            error ? text_of(*error).value_or(*error) : message.value_or("the worker says " + status);
        return std::optional(std::move(answer));
    }
    auto pictures = files ? read_files(*files) : Result<std::vector<ComfyPicture>, ProtocolError>({});
    if (!files && images) pictures = read_images(*images);
    if (!pictures) return Fail(std::move(pictures).error());
    answer.pictures = *std::move(pictures);
    if (!files && !images && message && !message->empty()) {
        auto one = picture_in({}, *message);
        if (!one) return Fail(std::move(one).error());
        answer.pictures.push_back(*std::move(one));
    }
    if (files && count && std::cmp_not_equal(*count, answer.pictures.size()))
        return wrong("file_count is not the number of files");
    return std::optional(std::move(answer));
}

}  // namespace

Answer parse_comfy_answer(std::string_view json) {
    if (first_json_character(json) != '{') return std::optional<ComfyAnswer>();
    auto members = pick_json_members(json,
                                     {{"prompt_id", 256},
                                      {"files", comfy_pictures_max * path_bytes_max},
                                      {"file_count", 64},
                                      {"images", json.size()},
                                      {"errors", words_bytes_max},
                                      {"status", 256},
                                      {"message", json.size()},
                                      {"error", words_bytes_max}},
                                     comfy_answer_bytes_max);
    if (!members) return wrong("the answer cannot be read: " + members.error().detail);
    return read_members(*members);
}

std::optional<std::string> strict_base64(std::string_view text) {
    if (text.starts_with("data:")) {
        const auto comma = text.find(',');
        if (comma == std::string_view::npos || !text.substr(0, comma).ends_with(";base64"))
            return std::nullopt;
        text.remove_prefix(comma + 1);
    }
    std::string strict;
    strict.reserve(text.size() + 2);
    std::copy_if(text.begin(), text.end(), std::back_inserter(strict),
                 [](char c) { return c != '\n' && c != '\r'; });
    while (strict.ends_with('=')) strict.pop_back();
    const auto is_of_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    };
    if (strict.empty() || strict.size() % 4 == 1 || !std::all_of(strict.begin(), strict.end(), is_of_base64))
        return std::nullopt;
    strict.append((4 - strict.size() % 4) % 4, '=');
    return strict;
}

}  // namespace darkroom::runpod
