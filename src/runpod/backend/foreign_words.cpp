#include "runpod/backend/foreign_words.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "base/log.h"
#include "core/image_header.h"
#include "core/input_url.h"
#include "runpod/backend/left_outputs.h"
#include "runpod/backend/remote_words.h"
#include "runpod/protocol/base64.h"

namespace darkroom::runpod {
namespace {

using core::ErrorCode;
using core::JobError;
using core::ObjectKey;
using In = ComfyPicture::In;

// Enough for every picture's header without long metadata before it; the pixel process looks at all of it.
constexpr std::size_t header_base64_bytes = 256u << 10;

Failure<JobError> invalid(const std::string& why, const AttemptId& attempt) {
    log::warning("an answer of a foreign worker is refused", {{"attempt", attempt.str()}, {"why", why}});
    return Fail(JobError{ErrorCode::output_invalid, "The worker's answer cannot be used: " + why + "."});
}

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

/// outputs/{job}/{attempt}/… is where Darkroom's own and ComfyUI's files of one attempt lie.
bool lies_with_another_job(std::string_view below, const JobId& job) {
    const auto parts = parts_of(below);
    return parts.size() > 2 && parts[0] != job.str() && JobId::parse(parts[0]) && AttemptId::parse(parts[1]);
}

std::string_view end_of_url(std::string_view url) { return url.substr(0, url.find('?')); }

/// What the bytes are. A text that is no picture ends here and not in the pixel process.
Result<std::string, std::string> extension_of_bytes(const std::string& base64) {
    auto begin = base64.substr(0, header_base64_bytes);
    const auto bytes = from_base64(begin);
    if (!bytes) return Fail(std::string("a picture is no base64"));
    const std::vector<std::uint8_t> prefix(bytes->begin(), bytes->end());
    const auto header = core::read_image_header(prefix);
    if (header) return std::string(core::file_extension(header->format));
    const bool is_cut =
        header.error() == core::ImageHeaderError::truncated && base64.size() > header_base64_bytes;
    if (is_cut) return std::string("png");
    return Fail(std::string("what it calls a picture is none"));
}

class Sorting {
public:
    Sorting(const JobId& job, const AttemptId& attempt, const ForeignLayout& layout)
        : job_(job), attempt_(attempt), layout_(layout) {}

    /// False: the answer is refused, and why() tells it.
    bool take(const ComfyPicture& picture, std::string_view role) {
        const bool is_known = std::any_of(files_.begin(), files_.end(),
                                          [&](const ports::RemoteFile& file) { return file.role == role; });
        if (is_known) {
            ++left_;
            return true;
        }
        switch (picture.in) {
            case In::file:
                return take_file(picture, role);
            case In::link:
                return take_link(picture, role);
            case In::text:
                return take_text(picture, role);
        }
        return false;
    }
    void leave() { ++left_; }

    std::vector<ports::RemoteFile>& files() { return files_; }
    int left() const { return left_; }
    bool has_shared_name() const { return has_shared_name_; }
    const std::string& why() const { return why_; }

private:
    bool refuse(std::string why) {
        why_ = std::move(why);
        return false;
    }
    void add(std::string_view role, std::string_view extension, std::string place) {
        ports::RemoteFile file;
        file.role = role;
        file.key = ObjectKey::worker_output(job_, attempt_, role, extension);
        file.place = std::move(place);
        file.content_type = *core::content_type_of(extension);
        files_.push_back(std::move(file));
    }
    bool take_file(const ComfyPicture& picture, std::string_view role) {
        const auto key = foreign_key(picture.place, job_, layout_);
        if (!key) return refuse("a file is not believed: " + key.error());
        const auto extension = extension_of_name(picture.name);
        if (!extension) return refuse("a file of it is no picture");
        has_shared_name_ |= key->str().find(attempt_.str()) == std::string::npos;
        add(role, *extension, std::string(place_on_volume) + key->str());
        return true;
    }
    bool take_link(const ComfyPicture& picture, std::string_view role) {
        if (const auto url = core::parse_input_url(picture.place); !url)
            return refuse("a URL of it is refused");
        const auto path = end_of_url(picture.place);
        const auto by_url = extension_of_name(path.substr(path.rfind('/') + 1));
        const auto extension = by_url ? by_url : extension_of_name(picture.name);
        add(role, extension.value_or("png"), picture.place);
        return true;
    }
    bool take_text(const ComfyPicture& picture, std::string_view role) {
        const auto extension = extension_of_bytes(picture.place);
        if (!extension) return refuse(extension.error());
        add(role, *extension, std::string(place_in_answer) + picture.place);
        return true;
    }

    const JobId& job_;
    const AttemptId& attempt_;
    const ForeignLayout& layout_;
    std::vector<ports::RemoteFile> files_;
    int left_ = 0;
    bool has_shared_name_ = false;
    std::string why_;
};

std::string warnings_of(const ComfyAnswer& answer, const Sorting& sorting) {
    JsonWriter json;
    json.begin_array();
    const auto add = [&](std::string_view code, const std::string& detail) {
        json.begin_object().member("code", code).member("detail", detail).end_object();
    };
    for (const auto& warning : answer.warnings) {
        if (auto line = for_owner(warning); !line.empty()) add("worker_warning", line);
    }
    if (sorting.left() > 0)
        add("outputs_left_out",
            "The workflow made " + std::to_string(sorting.left()) + " more pictures than its recipe names.");
    if (sorting.has_shared_name())
        add("output_name_shared",
            "The worker gave its file a name without the attempt's id; workers that share a volume may mix "
            "such files up.");
    return json.end_array().take();
}

}  // namespace

std::string_view role_of_name(std::string_view name, const AttemptId& attempt) {
    const auto dash = name.find('-');
    if (dash == std::string_view::npos || !name.substr(dash + 1).starts_with(attempt.str())) return {};
    const auto word = name.substr(0, dash);
    const auto* const role = std::find(output_roles.begin(), output_roles.end(), word);
    return role != output_roles.end() ? *role : std::string_view("other");
}

std::optional<std::string_view> extension_of_name(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    std::string ending(name.substr(dot + 1));
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (ending == "jpeg") return "jpg";
    if (ending == "tif") return "tiff";
    const auto type = core::content_type_of(ending);
    return type ? core::extension_of(*type) : std::nullopt;
}

Result<ObjectKey, std::string> foreign_key(std::string_view path, const JobId& job,
                                           const ForeignLayout& layout) {
    const auto mount = std::find_if(layout.mounts.begin(), layout.mounts.end(),
                                    [&](const std::string& one) { return path.starts_with(one); });
    if (mount == layout.mounts.end()) return Fail(std::string("its path is not on the network volume"));
    const auto key = ObjectKey::foreign_output(path.substr(mount->size()));
    if (!key) return Fail(std::string("its path is none that a picture may have"));
    const auto folder = layout.output_folder + "/";
    if (!key->str().starts_with(folder)) return Fail("it does not lie in " + folder + " on the volume");
    if (lies_with_another_job(std::string_view(key->str()).substr(folder.size()), job))
        return Fail(std::string("it lies with another job's files"));
    return *key;
}

Result<ports::RemoteResult, JobError> foreign_result(const ComfyAnswer& answer, const JobId& job,
                                                     const AttemptId& attempt, const ForeignLayout& layout) {
    if (!answer.error.empty()) return Fail(error_of(answer.error));
    const bool has_main =
        std::any_of(answer.pictures.begin(), answer.pictures.end(),
                    [&](const auto& picture) { return role_of_name(picture.name, attempt) == "main"; });
    Sorting sorting(job, attempt, layout);
    bool is_first = !has_main;
    for (const auto& picture : answer.pictures) {
        auto role = role_of_name(picture.name, attempt);
        if (role.empty() && is_first) {
            role = "main";
            is_first = false;
        }
        if (role.empty() || role == "other") {
            sorting.leave();
        } else if (!sorting.take(picture, role)) {
            return invalid(sorting.why(), attempt);
        }
    }
    const auto& files = sorting.files();
    if (std::none_of(files.begin(), files.end(), [](const auto& file) { return file.role == "main"; }))
        return Fail(JobError{ErrorCode::output_missing, "The workflow ended without a picture."});
    ports::RemoteResult result;
    result.warnings_json = warnings_of(answer, sorting);
    result.files = std::move(sorting.files());
    return result;
}

}  // namespace darkroom::runpod
