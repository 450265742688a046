// What Darkroom is told from outside, checked as a whole: every problem is found at once and named in one
// line.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/backend_mode.h"
#include "app/environment.h"
#include "app/node_settings.h"
#include "app/pod_settings.h"
#include "app/runpod_settings.h"
#include "app/storage_settings.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "core/input_url_rules.h"
#include "upkeep/retention.h"

namespace darkroom::app {

struct SettingInfo {
    std::string_view name;
    std::string_view fallback;
    std::string_view meaning;
};
const std::vector<SettingInfo>& all_settings();

struct Settings {
    std::string listen_address = "127.0.0.1";
    std::uint16_t listen_port = 8080;
    std::filesystem::path data_dir;
    std::optional<std::string> api_key;
    std::string base_url;  // empty = made from the address that is listened on
    std::string cron_secret;
    std::string metrics_token;
    bool metrics_public = false;
    int admission_window = 64;          // jobs of a user in line and at work
    int metrics_users = 0;              // that are named there
    int inflight_max = 1;               // of this machine
    std::filesystem::path recipes_dir;  // empty = recipes in the data folder, if it is there
    int attempts_max = 3;
    Milliseconds run_timeout{0};
    std::filesystem::path imaging_program;  // empty = beside this program
    bool heic = true;
    std::uint64_t upload_bytes_max = 0;
    std::uint64_t pixels_max = 0;
    Milliseconds url_life{0};
    Milliseconds upload_life{0};
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::text;
    NodeSettings node;
    StorageSettings storage;
    BackendMode mode = BackendMode::local;
    RunpodSettings runpod;
    std::vector<PodEndpoint> pods;  // ComfyUI servers that get work
    upkeep::RetentionPolicy retention;
    core::InputUrlRules input_urls;  // what the operator allows besides the public Internet
    std::vector<std::string> notes;  // not wrong, but worth a line at the start

    bool has_remote() const { return runpod.is_used() || !pods.empty(); }
    /// Kinds of backends that are set up, in the order in which a job without a wish gets them.
    std::vector<std::string> backends() const;
    /// Of these, those of which there are several endpoints.
    std::vector<std::string> kinds_with_a_choice() const;
    /// Of these, those whose workers run recipes with a workflow and nothing that is built in.
    std::vector<std::string> kinds_of_workflows_only() const;
};

/// One line for each problem; never the value of a secret.
using SettingProblems = std::vector<std::string>;

/// `problems` found while reading the environment are reported with the others.
Result<Settings, SettingProblems> read_settings(const Environment& environment,
                                                SettingProblems problems = {});

}  // namespace darkroom::app
