#include "runpod/backend/serverless_settings.h"

#include <algorithm>

#include "runpod/protocol/object_reader.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod {
namespace {

constexpr char separator = '|';
constexpr std::size_t base_url_bytes_max = 1024;  // paths and a token follow, and webhooks have 2048 in all

std::string_view without_slashes(std::string_view url) {
    while (url.ends_with('/')) url.remove_suffix(1);
    return url;
}

void add_worker_problems(const ServerlessSettings& settings, std::vector<std::string>& found) {
    if (settings.worker != "auto" && settings.worker != "darkroom" && !settings.is_foreign())
        found.push_back("the workers of an endpoint are auto, darkroom, volume_files or worker_comfyui");
    const auto& layout = settings.layout;
    if (!core::ObjectKey::foreign_output(layout.output_folder + "/a"))
        found.push_back("the folder of outputs must be a path on the volume, without a slash at either end");
    const bool is_path = std::all_of(layout.mounts.begin(), layout.mounts.end(), [](const auto& mount) {
        return mount.size() > 2 && mount.starts_with('/') && mount.ends_with('/');
    });
    if (layout.mounts.empty() || !is_path)
        found.push_back("where workers see the volume must be a path that begins and ends with a slash");
}

}  // namespace

std::vector<std::string> problems(const ServerlessSettings& settings) {
    auto found = problems(settings.client);
    if (settings.inflight_max < 1) found.push_back("an endpoint must take at least one job at a time");
    if (settings.weight < 1) found.push_back("the weight of an endpoint is 1 or more");
    if (settings.micro_usd_per_second < 0) found.push_back("the price of an endpoint is not below 0");
    const auto& base = settings.public_base_url;
    if (!base.empty() && (!is_http_url(base) || base.size() > base_url_bytes_max ||
                          base.find_first_of("?#@") != std::string::npos))
        found.push_back(
            "the public base URL must be http or https and a host, without user, query or fragment");
    if (settings.queue_budget <= Milliseconds(0) || settings.queue_budget > policy_time_max)
        found.push_back("the time that a job may wait at an endpoint must lie between 0 and 7 days");
    if (settings.execution_max < Milliseconds(0))
        found.push_back("the longest time for one job must not be negative");
    add_worker_problems(settings, found);
    if (settings.url_life_max <= Milliseconds(0)) found.push_back("presigned URLs must live longer than 0");
    return found;
}

std::string target_of(const ServerlessSettings& settings) {
    return std::string(without_slashes(settings.client.base_url)) + separator + settings.client.endpoint_id;
}

std::optional<ServerlessSettings> settings_for_target(const ServerlessSettings& like,
                                                      std::string_view target) {
    const auto at = target.rfind(separator);
    if (at == std::string_view::npos) return std::nullopt;
    if (target.substr(0, at) != without_slashes(like.client.base_url)) return std::nullopt;
    auto settings = like;
    settings.client.endpoint_id = std::string(target.substr(at + 1));
    if (!problems(settings.client).empty()) return std::nullopt;
    return settings;
}

std::string public_url(const ServerlessSettings& settings, std::string_view path) {
    if (settings.public_base_url.empty()) return {};
    return std::string(without_slashes(settings.public_base_url)) + std::string(path);
}

}  // namespace darkroom::runpod
