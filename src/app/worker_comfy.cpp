#include "app/worker_comfy.h"

#include <array>

#include "app/system_clock.h"
#include "base/log.h"
#include "objects/s3/s3_object_store.h"

namespace darkroom::app {
namespace {

constexpr Milliseconds look_again{500};
constexpr std::string_view default_port = ":8188";

/// "127.0.0.1", "localhost:8188" or a whole address.
std::string url_of(const std::string& host) {
    if (host.find("://") != std::string::npos) return host;
    return "http://" + host + (host.find(':') == std::string::npos ? std::string(default_port) : "");
}

std::filesystem::path folder(SettingReader& reader, const std::string& name) {
    const auto text = reader.text(name);
    std::error_code ignored;
    if (!text.empty() && !std::filesystem::is_directory(text, ignored))
        reader.wrong(name, "is no folder: \"" + text + "\"");
    return text;
}

/// As the official worker names it: month and year, as in 11-26.
std::string month_bucket(TimePoint now) {
    const auto text = format_rfc3339(now);  // 2026-11-22T…
    return text.substr(5, 2) + "-" + text.substr(2, 2);
}

/// Of https://name.s3.eu-central-1.amazonaws.com; other servers take any.
std::string region_in(const std::string& endpoint) {
    constexpr std::string_view before = "s3.";
    const auto at = endpoint.find(before);
    const auto end = endpoint.find('.', at + before.size());
    if (at == std::string::npos || end == std::string::npos ||
        endpoint.find("amazonaws.com", end) == std::string::npos || endpoint.substr(end + 1).empty())
        return "us-east-1";
    const auto region = endpoint.substr(at + before.size(), end - at - before.size());
    return region == "amazonaws" ? "us-east-1" : region;
}

std::optional<objects::S3Settings> read_bucket(SettingReader& reader) {
    const auto endpoint = reader.text("BUCKET_ENDPOINT_URL");
    if (endpoint.empty()) return std::nullopt;
    auto bucket = reader.text("BUCKET_NAME");
    if (bucket.empty()) bucket = month_bucket(SystemClock().now());
    auto settings = objects::bucket_settings(bucket, endpoint, region_in(endpoint));
    settings.access_key = reader.text("BUCKET_ACCESS_KEY_ID");
    settings.secret_key = reader.text("BUCKET_SECRET_ACCESS_KEY");
    settings.path_style = true;  // the bucket of the host, if there is one, is part of the address
    settings.names = {"BUCKET_NAME",          "BUCKET_ENDPOINT_URL",      "BUCKET_ENDPOINT_URL",
                      "BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY", "BUCKET_SECRET_ACCESS_KEY"};
    for (const auto& problem : settings.problems()) reader.problem(problem);
    return settings;
}

}  // namespace

std::optional<ComfyPlan> read_comfy_plan(SettingReader& reader, const std::string& worker_id) {
    const auto host = reader.text("COMFY_HOST");
    if (host.empty()) return std::nullopt;
    ComfyPlan plan;
    auto& client = plan.runner.client;
    client.base_url = url_of(host);
    client.client_id = "dr-" + worker_id.substr(0, 60);
    client.api_node_key = reader.text("COMFY_ORG_API_KEY");
    if (!comfyui::problems(client).empty())
        reader.wrong("COMFY_HOST", "must be like 127.0.0.1:8188 or http://127.0.0.1:8188");
    plan.runner.input_dir = folder(reader, "COMFY_INPUT_DIR");
    plan.runner.output_dir = folder(reader, "COMFY_OUTPUT_DIR");
    plan.runner.temp_dir = folder(reader, "COMFY_TEMP_DIR");
    plan.runner.ready_patience = reader.seconds("DARKROOM_COMFY_START_S", 1, 7'200);
    plan.bucket = read_bucket(reader);
    return plan;
}

ComfyDrive::ComfyDrive(const ComfyPlan& plan, ports::HttpClient& http, const ports::Clock& clock,
                       ports::Random& random)
    : runner_(plan.runner, http, clock, random) {
    if (plan.bucket) bucket_ = std::make_unique<objects::S3ObjectStore>(*plan.bucket, http, clock, random);
}

ComfyDrive::Start ComfyDrive::wait_until_ready(const std::function<bool(Milliseconds)>& pause,
                                               const ports::Clock& clock) {
    const Instant until = clock.monotonic() + runner_.settings().ready_patience;
    for (;;) {
        const auto problem = runner_.problem_now();
        if (!problem) return Start::ready;
        if (problem_.empty()) log::info("waiting for ComfyUI", {{"detail", *problem}});
        problem_ = "ComfyUI does not answer: " + *problem;
        if (clock.monotonic() >= until) return Start::missing;
        if (pause(look_again)) return Start::stopped;
    }
}

}  // namespace darkroom::app
