#include "app/settings.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "app/log_settings.h"
#include "app/setting_reader.h"
#include "app/storage_settings.h"
#include "base/nearest.h"
#include "core/fair_share.h"

namespace darkroom::app {
namespace {

constexpr std::uint64_t day_s = 86'400;

void read_listen(SettingReader& reader, Settings& settings) {
    const auto value = reader.text("DARKROOM_LISTEN");
    const auto colon = value.rfind(':');
    unsigned port = 65'536;
    if (colon != std::string::npos) {
        const auto digits = std::string_view(value).substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (error != std::errc() || end != digits.data() + digits.size()) port = 65'536;
    }
    if (colon == 0 || port > 65'535)
        return reader.wrong("DARKROOM_LISTEN",
                            "must be ADDRESS:PORT as in 127.0.0.1:8080, not \"" + value + "\"");
    settings.listen_address = value.substr(0, colon);
    // [::1]:8080, as URLs write it.
    if (settings.listen_address.front() == '[' && settings.listen_address.back() == ']') {
        settings.listen_address = settings.listen_address.substr(1, settings.listen_address.size() - 2);
    }
    settings.listen_port = static_cast<std::uint16_t>(port);
}

bool is_visible_text(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void read_secrets(SettingReader& reader, Settings& settings) {
    constexpr std::size_t secret_bytes_min = 16;
    if (auto key = reader.text("DARKROOM_API_KEY"); !key.empty()) {
        if (key.size() < secret_bytes_min || !is_visible_text(key)) {
            reader.wrong("DARKROOM_API_KEY", "must be at least 16 visible characters without blanks");
        }
        settings.api_key = std::move(key);
    }
    settings.metrics_token = reader.text("DARKROOM_METRICS_TOKEN");
    if (!settings.metrics_token.empty() &&
        (settings.metrics_token.size() < secret_bytes_min || !is_visible_text(settings.metrics_token))) {
        reader.wrong("DARKROOM_METRICS_TOKEN", "must be at least 16 visible characters without blanks");
    }
    settings.cron_secret = reader.text("CRON_SECRET");
    if (!settings.cron_secret.empty() &&
        (settings.cron_secret.size() < secret_bytes_min || !is_visible_text(settings.cron_secret))) {
        reader.wrong("CRON_SECRET", "must be at least 16 visible characters without blanks");
    }
}

void read_base_url(SettingReader& reader, Settings& settings) {
    auto url = reader.text("BACKEND_BASE_URL");
    while (!url.empty() && url.back() == '/') url.pop_back();
    constexpr std::size_t url_bytes_max = 1'024;  // paths and tokens follow it
    const bool http = url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0;
    if (!url.empty() && (!http || url.size() > url_bytes_max || !is_visible_text(url) ||
                         url.find_first_of("?#@") != std::string::npos)) {
        reader.wrong("BACKEND_BASE_URL",
                     "must be an http or https address without query, as in https://pictures.example.com");
    }
    settings.base_url = std::move(url);
}

constexpr int admission_window_max = 10'000;

// Of this machine: beside endpoints elsewhere, MAX_INFLIGHT is a limit of each of those.
int read_local_inflight(SettingReader& reader, bool has_remote) {
    const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    if (has_remote || reader.text("MAX_INFLIGHT").empty()) return cores;
    return static_cast<int>(reader.number("MAX_INFLIGHT", 1, 256));
}

// One user alone can keep all endpoints of a kind busy, unless the operator says less.
int read_admission_window(SettingReader& reader, const Settings& settings) {
    if (!reader.text("DARKROOM_ADMISSION_WINDOW").empty())
        return static_cast<int>(reader.number("DARKROOM_ADMISSION_WINDOW", 1, admission_window_max));
    int serverless = 0;
    for (const auto& endpoint : settings.runpod.endpoints) serverless += endpoint.inflight_max;
    int pods = 0;
    for (const auto& pod : settings.pods) pods += pod.inflight_max.value_or(0);
    return std::clamp(std::max({serverless, pods, settings.inflight_max}), core::default_admission_window,
                      admission_window_max);
}

// Attempts, events and limits tell endpoints apart by name alone.
void find_double_endpoints(SettingReader& reader, const Settings& settings) {
    for (const auto& pod : settings.pods) {
        const auto& endpoints = settings.runpod.endpoints;
        const bool is_double = std::any_of(endpoints.begin(), endpoints.end(),
                                           [&](const auto& endpoint) { return endpoint.name == pod.name; });
        if (is_double)
            reader.wrong("COMFYUI_URL", "calls a pod " + pod.name + ", as an endpoint at RunPod is called");
    }
}

void read_backends(SettingReader& reader, Settings& settings) {
    settings.mode = read_backend_mode(reader, settings.notes);
    const auto use = settings.mode == BackendMode::serverless ? RunpodUse::first
                     : settings.mode == BackendMode::pod      ? RunpodUse::beside
                                                              : RunpodUse::none;
    settings.runpod =
        read_runpod(reader, settings.storage, settings.base_url, settings.run_timeout, use, settings.notes);
    if (settings.mode != BackendMode::local)
        settings.pods = read_pods(reader, settings.mode == BackendMode::pod);
    find_double_endpoints(reader, settings);
}

void read_input_urls(SettingReader& reader, Settings& settings) {
    auto rules = core::parse_input_url_allow(reader.text("DARKROOM_INPUT_URL_ALLOW"));
    if (rules) {
        settings.input_urls = *std::move(rules);
    } else {
        for (const auto& problem : rules.error()) reader.wrong("DARKROOM_INPUT_URL_ALLOW", problem);
    }
}

// A mistyped name would otherwise be a setting that silently does nothing.
void find_unknown_names(SettingReader& reader) {
    std::vector<std::string_view> known;
    for (const auto& info : all_settings()) known.push_back(info.name);
    for (const auto& name : reader.environment().names_with("DARKROOM_")) {
        if (std::find(known.begin(), known.end(), name) != known.end() || is_for_tests(name)) continue;
        const auto nearest = nearest_word(name, known);
        reader.wrong(name, "is not a setting" + (nearest ? "; did you mean " + std::string(*nearest) + "?"
                                                         : std::string(" of Darkroom")));
    }
}

}  // namespace

std::vector<std::string> Settings::backends() const {
    std::vector<std::string> kinds{std::string(to_string(mode))};
    const auto add = [&](BackendMode kind, bool is_there) {
        if (is_there && kind != mode) kinds.emplace_back(to_string(kind));
    };
    add(BackendMode::serverless, runpod.is_used());
    add(BackendMode::pod, !pods.empty());
    add(BackendMode::local, true);
    return kinds;
}

std::vector<std::string> Settings::kinds_with_a_choice() const {
    std::vector<std::string> kinds;
    if (runpod.endpoints.size() > 1) kinds.emplace_back(to_string(BackendMode::serverless));
    if (pods.size() > 1) kinds.emplace_back(to_string(BackendMode::pod));
    return kinds;
}

std::vector<std::string> Settings::kinds_of_workflows_only() const {
    if (!runpod.is_used() || !runpod.endpoints.front().is_foreign()) return {};
    return {std::string(to_string(BackendMode::serverless))};
}

Result<Settings, SettingProblems> read_settings(const Environment& environment, SettingProblems problems) {
    SettingReader reader(environment, std::move(problems));
    Settings settings;
    read_listen(reader, settings);
    read_secrets(reader, settings);
    read_base_url(reader, settings);
    find_unknown_names(reader);
    settings.metrics_public = reader.choice<bool>("DARKROOM_METRICS_PUBLIC", {{"off", false}, {"on", true}});
    settings.metrics_users = static_cast<int>(reader.number("DARKROOM_METRICS_USERS", 0, 100));
    settings.data_dir = reader.text("DARKROOM_DATA_DIR");
    settings.recipes_dir = reader.text("RECIPES_DIR");
    settings.attempts_max = static_cast<int>(reader.number("DARKROOM_MAX_ATTEMPTS", 1, 100));
    settings.run_timeout = reader.seconds("DARKROOM_RUN_TIMEOUT_S", 1, 7 * day_s);
    settings.imaging_program = reader.text("DARKROOM_IMAGING");
    settings.heic = reader.choice<bool>("DARKROOM_HEIC", {{"on", true}, {"off", false}});
    settings.upload_bytes_max = reader.number("DARKROOM_MAX_UPLOAD_BYTES", 1'024, 5ull << 30);
    settings.pixels_max = reader.number("DARKROOM_MAX_PIXELS", 256, 1ull << 28);
    settings.url_life = reader.seconds("DARKROOM_URL_TTL_S", 1, 7 * day_s);
    settings.upload_life = reader.seconds("DARKROOM_UPLOAD_TTL_S", 1, 30 * day_s);
    settings.node = read_node(reader);
    settings.storage = read_storage(reader);
    for (auto& note : unused_storage_notes(reader, settings.storage))
        settings.notes.push_back(std::move(note));
    read_backends(reader, settings);
    settings.inflight_max = read_local_inflight(reader, settings.has_remote());
    settings.admission_window = read_admission_window(reader, settings);
    settings.retention = {.inputs = reader.duration("DARKROOM_RETENTION_INPUT"),
                          .outputs = reader.duration("DARKROOM_RETENTION_OUTPUT"),
                          .jobs = reader.duration("DARKROOM_RETENTION_JOBS")};
    read_input_urls(reader, settings);
    settings.log_level = read_log_level(reader);
    settings.log_format = read_log_format(reader);
    auto found = reader.take_problems();
    if (!found.empty()) return Fail(std::move(found));
    return settings;
}

}  // namespace darkroom::app
