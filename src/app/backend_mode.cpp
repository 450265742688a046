#include "app/backend_mode.h"

#include "app/setting_reader.h"

namespace darkroom::app {
namespace {

bool is_set(const SettingReader& reader, const char* name) { return !reader.text(name).empty(); }

BackendMode mode_without_word(const SettingReader& reader, std::vector<std::string>& notes) {
    const bool has_key = is_set(reader, "RUNPOD_API_KEY");
    const bool has_endpoint = is_set(reader, "RUNPOD_ENDPOINT_ID");
    if (has_key && has_endpoint) return BackendMode::serverless;
    if (is_set(reader, "COMFYUI_URL")) return BackendMode::pod;
    const std::string where = reader.text("DARKROOM_ROLE") == "api"
                                  ? "jobs run on the CPUs of nodes that dispatch."
                                  : "jobs run on this machine's CPU.";
    notes.push_back(
        (has_key ? "RUNPOD_API_KEY is set and RUNPOD_ENDPOINT_ID is not: " : "No RunPod key is set: ") +
        where);
    return BackendMode::local;
}

}  // namespace

std::string_view to_string(BackendMode mode) {
    return mode == BackendMode::serverless ? "serverless" : mode == BackendMode::pod ? "pod" : "local";
}

BackendMode read_backend_mode(SettingReader& reader, std::vector<std::string>& notes) {
    const auto word = reader.text("COMFYUI_MODE");
    if (word.empty()) return mode_without_word(reader, notes);
    for (const auto mode : {BackendMode::local, BackendMode::serverless, BackendMode::pod}) {
        if (word == to_string(mode)) return mode;
    }
    reader.wrong("COMFYUI_MODE", "must be serverless, pod or local, not \"" + word + "\"");
    return BackendMode::local;
}

}  // namespace darkroom::app
