#include "core/object_key.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace darkroom::core {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types{{{"image/jpeg", "jpg"},
                                                                              {"image/png", "png"},
                                                                              {"image/webp", "webp"},
                                                                              {"image/tiff", "tiff"},
                                                                              {"image/gif", "gif"},
                                                                              {"image/heic", "heic"},
                                                                              {"image/avif", "avif"}}};
constexpr std::array key_prefixes{"uploaded/"sv, "restored/"sv, "thumbnails/"sv,
                                  "inputs/"sv,   "outputs/"sv,  "probe/"sv};
constexpr auto worker_input_begin = "job_"sv;
constexpr std::array roles{"main"sv, "mask"sv, "preview"sv, "report"sv};
constexpr auto thumbnail_role = "thumbnail"sv;
constexpr auto report_role = "report"sv;
constexpr auto report_extension = "json"sv;
constexpr auto note_name = "result.json"sv;
constexpr std::size_t comfy_digits_max = 12;
constexpr std::size_t foreign_bytes_max = 512;
constexpr std::size_t foreign_parts_max = 16;

bool known_extension(std::string_view extension) { return content_type_of(extension).has_value(); }
/// A report of Darkroom's own is the one output that is no picture.
bool known_output(std::string_view role, std::string_view extension) {
    return known_extension(extension) || (role == report_role && extension == report_extension);
}
bool known_role(std::string_view role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); }

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool lower_case_uuid(std::string_view text) {
    const auto bytes = parse_uuid(text);
    return bytes && format_uuid(*bytes) == text;
}

bool known_worker_output(std::string_view name) {
    const auto parts = split(name, '.');
    return parts.size() == 2 && (known_role(parts[0]) || parts[0] == thumbnail_role) &&
           known_extension(parts[1]);
}

// main-{attempt}_00001_.png: the prefix that ComfyUI was given, its counter, and an underscore of its own.
bool known_comfy_output(std::string_view name, std::string_view attempt) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || !known_extension(name.substr(dot + 1))) return false;
    const auto parts = split(name.substr(0, dot), '_');
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (parts.size() != 3 || !parts[2].empty()) return false;
    const auto role = parts[0].substr(0, parts[0].find('-'));
    return known_role(role) && parts[0] == std::string(role) + "-" + std::string(attempt) &&
           !parts[1].empty() && parts[1].size() <= comfy_digits_max &&
           std::all_of(parts[1].begin(), parts[1].end(), is_digit);
}

bool plain_part(std::string_view part) {
    return !part.empty() && part != "." && part != ".." && std::all_of(part.begin(), part.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '\\' && c != '%';
    });
}

bool valid(std::string_view text) {
    auto parts = split(text, '/');
    if (parts.size() < 2) return false;
    if (parts[0] == "outputs")
        return parts.size() == 4 && lower_case_uuid(parts[1]) && lower_case_uuid(parts[2]) &&
               (parts[3] == note_name || known_worker_output(parts[3]) ||
                known_comfy_output(parts[3], parts[2]));
    if (parts[0] == "inputs") {
        if (parts.back().substr(0, worker_input_begin.size()) != worker_input_begin) return false;
        parts.back().remove_prefix(worker_input_begin.size());
    }
    const auto name = split(parts.back(), '.');
    if (!lower_case_uuid(name.front())) return false;
    if (parts[0] == "inputs") return parts.size() == 2 && name.size() == 2 && known_extension(name[1]);
    if (parts[0] == "probe") return parts.size() == 2 && name.size() == 2 && name[1] == "txt";
    if (parts[0] == "uploaded") return parts.size() == 2 && name.size() == 2 && known_extension(name[1]);
    if (parts[0] == "thumbnails") {
        const bool of_attempt = name.size() == 3 && lower_case_uuid(name[1]);
        return parts.size() == 2 && (name.size() == 2 || of_attempt) && name.back() == "jpg";
    }
    if (parts[0] != "restored" || parts.size() != 3 || !lower_case_uuid(parts[1])) return false;
    if (name.size() == 2) return known_extension(name[1]);
    return name.size() == 3 && known_role(name[1]) && name[1] != "main" && known_output(name[1], name[2]);
}

}  // namespace

ObjectKey ObjectKey::uploaded(const UploadId& upload, std::string_view extension) {
    DR_CHECK(known_extension(extension));
    return ObjectKey("uploaded/" + upload.str() + "." + std::string(extension));
}

ObjectKey ObjectKey::restored(const JobId& job, const AttemptId& attempt, std::string_view role,
                              std::string_view extension) {
    DR_CHECK(known_role(role) && known_output(role, extension));
    const auto middle = role == "main" ? std::string(".") : "." + std::string(role) + ".";
    return ObjectKey("restored/" + job.str() + "/" + attempt.str() + middle + std::string(extension));
}

std::vector<ObjectKey> ObjectKey::all_restored(const JobId& job, const AttemptId& attempt) {
    std::vector<ObjectKey> keys;
    for (const auto role : roles) {
        for (const auto& [type, extension] : types) keys.push_back(restored(job, attempt, role, extension));
    }
    keys.push_back(restored(job, attempt, report_role, report_extension));
    return keys;
}

ObjectKey ObjectKey::thumbnail(const JobId& job) { return ObjectKey("thumbnails/" + job.str() + ".jpg"); }
ObjectKey ObjectKey::thumbnail(const JobId& job, const AttemptId& attempt) {
    return ObjectKey("thumbnails/" + job.str() + "." + attempt.str() + ".jpg");
}

ObjectKey ObjectKey::worker_input(const JobId& job, std::string_view extension) {
    DR_CHECK(known_extension(extension));
    return ObjectKey("inputs/" + std::string(worker_input_begin) + job.str() + "." + std::string(extension));
}

std::string ObjectKey::worker_output_prefix(const JobId& job, const AttemptId& attempt) {
    return "outputs/" + job.str() + "/" + attempt.str();
}

ObjectKey ObjectKey::worker_output(const JobId& job, const AttemptId& attempt, std::string_view role,
                                   std::string_view extension) {
    DR_CHECK((known_role(role) || role == thumbnail_role) && known_extension(extension));
    return ObjectKey(worker_output_prefix(job, attempt) + "/" + std::string(role) + "." +
                     std::string(extension));
}

ObjectKey ObjectKey::worker_note(const JobId& job, const AttemptId& attempt) {
    return ObjectKey(worker_output_prefix(job, attempt) + "/" + std::string(note_name));
}

std::vector<ObjectKey> ObjectKey::all_worker_outputs(const JobId& job, const AttemptId& attempt) {
    std::vector<ObjectKey> keys{worker_note(job, attempt)};
    for (const auto& [type, extension] : types) {
        for (const auto role : roles) keys.push_back(worker_output(job, attempt, role, extension));
        keys.push_back(worker_output(job, attempt, thumbnail_role, extension));
    }
    return keys;
}

std::optional<ObjectKey> ObjectKey::foreign_output(std::string_view path) {
    if (path.size() > foreign_bytes_max) return std::nullopt;
    const auto parts = split(path, '/');
    if (parts.size() < 2 || parts.size() > foreign_parts_max ||
        !std::all_of(parts.begin(), parts.end(), plain_part))
        return std::nullopt;
    const auto first = std::string(parts[0]) + "/";
    const bool is_ours = std::find(key_prefixes.begin(), key_prefixes.end(), first) != key_prefixes.end() &&
                         first != "outputs/";
    if (is_ours) return std::nullopt;
    return ObjectKey(std::string(path));
}

ObjectKey ObjectKey::probe(const UploadId& id) { return ObjectKey("probe/" + id.str() + ".txt"); }

std::span<const std::string_view> ObjectKey::prefixes() { return key_prefixes; }

std::optional<ObjectKey> ObjectKey::parse(std::string_view text) {
    if (!valid(text)) return std::nullopt;
    return ObjectKey(std::string(text));
}

std::optional<std::string_view> extension_of(std::string_view content_type) {
    for (const auto& [type, extension] : types) {
        if (type == content_type) return extension;
    }
    return std::nullopt;
}

std::optional<std::string_view> content_type_of(std::string_view extension) {
    for (const auto& [type, known] : types) {
        if (known == extension) return type;
    }
    return std::nullopt;
}

}  // namespace darkroom::core
