#include "comfyui/server_facts.h"

#include <algorithm>
#include <charconv>

#include "comfyui/python_json.h"

namespace darkroom::comfyui {
namespace {

constexpr std::size_t stats_bytes_max = 1u << 20;
constexpr std::size_t record_bytes_max = 32u << 20;  // it may carry the workflow and all outputs

std::uint64_t bytes_in(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr) return 0;
    boost::json::error_code error;
    const auto bytes = value->to_number<std::uint64_t>(error);
    return error ? 0 : bytes;
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
    if (text.starts_with("v")) text.remove_prefix(1);
    Version version{0, 0, 0};
    for (auto& part : version) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        if (error != std::errc() || part < 0) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.starts_with(".")) return version;
        text.remove_prefix(1);
    }
    return version;
}

Result<ServerFacts, std::string> read_system_stats(std::string_view body) {
    const auto read = parse_python_json(body, stats_bytes_max);
    if (!read) return Fail("/system_stats: " + read.error().detail);
    const auto* root = read->if_object();
    const auto* system = root == nullptr ? nullptr : object_in(*root, "system");
    if (system == nullptr) return Fail(std::string("/system_stats: not ComfyUI's answer"));
    ServerFacts facts;
    facts.version = parse_version(text_in(*system, "comfyui_version"));
    if (const auto* argv = array_in(*system, "argv")) {
        facts.writes_metadata = std::none_of(argv->begin(), argv->end(), [](const auto& word) {
            return word.is_string() && word.get_string() == "--disable-metadata";
        });
    }
    if (const auto* devices = array_in(*root, "devices")) {
        for (const auto& device : *devices) {
            if (const auto* gpu = device.if_object())
                facts.gpus.push_back(
                    {text_in(*gpu, "name"), bytes_in(*gpu, "vram_total"), bytes_in(*gpu, "vram_free")});
        }
    }
    return facts;
}

Result<JobWord, std::string> read_job_record(std::string_view body) {
    const auto read = parse_python_json(body, record_bytes_max);
    if (!read) return Fail("/jobs: " + read.error().detail);
    const auto* job = read->if_object();
    if (job == nullptr) return Fail(std::string("/jobs: the answer is no object"));
    const auto word = text_in(*job, "status");
    if (word == "pending") return JobWord::pending;
    if (word == "in_progress") return JobWord::in_progress;
    if (word == "completed") return JobWord::completed;
    if (word == "failed") return JobWord::failed;
    if (word == "cancelled") return JobWord::cancelled;
    return JobWord::unknown;
}

}  // namespace darkroom::comfyui
