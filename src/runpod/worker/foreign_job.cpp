#include "runpod/worker/foreign_job.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "runpod/protocol/base64.h"
#include "runpod/protocol/json_members.h"
#include "runpod/protocol/work_payload.h"

namespace darkroom::runpod::worker {
namespace {

using core::ErrorCode;
using core::JobError;

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t key_bytes_max = 1'024;

Failure<JobError> wrong(std::string what) {
    return Fail(JobError{ErrorCode::params_invalid, "The input is wrong: " + std::move(what)});
}

/// Its bytes never become part of a path here, but whoever sends such a name wants more than a name.
bool is_name(std::string_view name) {
    if (name.empty() || name.size() > name_bytes_max || name.front() == '/') return false;
    if (name.find("..") != std::string_view::npos || name.find('\\') != std::string_view::npos) return false;
    return std::none_of(name.begin(), name.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// Base64 as clients write it: perhaps a data URI, perhaps with line breaks.
std::optional<std::string> decode(std::string text) {
    if (text.starts_with("data:")) {
        const auto comma = text.find(',');
        if (comma == std::string::npos) return std::nullopt;
        text.erase(0, comma + 1);
    }
    std::erase_if(text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    return from_base64(text);
}

Result<ForeignImage, JobError> read_image(std::string_view json, std::size_t number,
                                          std::uint64_t bytes_max) {
    const auto where = "input.images[" + std::to_string(number) + "]";
    if (first_json_character(json) != '{') return wrong(where + " is no object");
    auto members =
        pick_json_members(json, {{"name", 2 * key_bytes_max}, {"image", json.size()}}, json.size());
    if (!members) return wrong(where + ": " + members.error().detail);
    auto name = members->take_text("name");
    if (!name || !is_name(*name)) return wrong(where + ".name is missing, or no name of a file");
    auto text = members->take_text("image");
    if (!text) return wrong(where + ".image is missing, or no text");
    auto bytes = decode(*std::move(text));
    if (!bytes) return wrong(where + ".image is no base64");
    if (bytes->empty()) return wrong(where + ".image is empty");
    if (bytes->size() > bytes_max)
        return Fail(JobError{
            ErrorCode::input_too_large,
            where + " is larger than " + std::to_string(bytes_max) + " bytes, the most this worker takes."});
    return ForeignImage{*std::move(name), *std::move(bytes)};
}

Result<std::vector<ForeignImage>, JobError> read_images(std::string_view json, std::uint64_t bytes_max) {
    std::vector<ForeignImage> images;
    if (first_json_character(json) != '[') return wrong("input.images is no array");
    auto texts = split_json_array(json, json.size(), foreign_images_max);
    if (!texts) return wrong("input.images: " + texts.error().detail);
    std::set<std::string> names;
    for (auto& text : *texts) {
        auto image = read_image(text, images.size(), bytes_max);
        if (!image) return Fail(image.error());
        text = {};  // one picture at a time is held twice
        if (!names.insert(image->name).second) return wrong("two of input.images have the same name");
        images.push_back(*std::move(image));
    }
    return images;
}

Result<ForeignJob, JobError> read_members(Contract contract, const std::optional<std::string>& workflow,
                                          JsonMembers& members, std::uint64_t image_bytes_max) {
    if (!workflow)
        return wrong("the workflow is larger than " + std::to_string(workflow_bytes_max) + " bytes");
    if (first_json_character(*workflow) != '{') return wrong("the workflow is no object");
    ForeignJob job{contract, *workflow, {}, {}};
    for (const auto* name : {"comfy_org_api_key", "api_key_comfy_org"}) {
        if (auto key = members.take_text(name)) job.api_node_key = *std::move(key);
    }
    if (members.too_large("images")) return wrong("input.images is too large");
    if (const auto images = members.take_json("images")) {
        auto read = read_images(*images, image_bytes_max);
        if (!read) return Fail(read.error());
        job.images = *std::move(read);
    }
    return job;
}

}  // namespace

std::optional<Result<ForeignJob, JobError>> read_foreign_job(std::string_view input_json,
                                                             std::uint64_t image_bytes_max) {
    std::string unwrapped;
    if (first_json_character(input_json) == '"') {
        const auto text = parse_json(input_json, input_json.size());
        if (!text) return std::nullopt;
        unwrapped = std::string(text->get_string());
        input_json = unwrapped;
    }
    if (first_json_character(input_json) != '{') return std::nullopt;
    auto members = pick_json_members(input_json,
                                     {{"job_id", key_bytes_max},
                                      {"workflow_api", workflow_bytes_max},
                                      {"workflow", workflow_bytes_max},
                                      {"images", input_json.size()},
                                      {"comfy_org_api_key", key_bytes_max},
                                      {"api_key_comfy_org", key_bytes_max}},
                                     input_json.size());
    if (!members || members->take_json("job_id")) return std::nullopt;
    for (const auto contract : {Contract::volume_files, Contract::worker_comfyui}) {
        const auto* name = contract == Contract::volume_files ? "workflow_api" : "workflow";
        const auto workflow = members->take_json(name);
        if (workflow || members->too_large(name))
            return read_members(contract, workflow, *members, image_bytes_max);
    }
    return std::nullopt;
}

}  // namespace darkroom::runpod::worker
