#include "comfyui/comfy_settings.h"

#include <algorithm>

namespace darkroom::comfyui {
namespace {

constexpr std::string_view proxy_domain = ".proxy.runpod.net";

std::string_view host_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    const auto rest = url.substr(scheme + 3);
    const auto host = rest.substr(0, rest.find_first_of("/?#"));
    return host.substr(0, host.rfind(':'));
}

bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_field(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::vector<std::string> problems(const ComfySettings& settings) {
    std::vector<std::string> lines;
    const std::string_view url = settings.base_url;
    const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
    if (!has_scheme || host_of(url).empty() || !is_visible(url) ||
        url.find_first_of("?#@") != std::string_view::npos)
        lines.emplace_back(
            "COMFYUI_URL must be like http://127.0.0.1:8188, without a query or a password in it.");
    if (settings.client_id.empty() || settings.client_id.size() > 64 || !is_visible(settings.client_id))
        lines.emplace_back("ComfyUI's client id must be 1 to 64 visible characters.");
    for (const auto& [name, value] : settings.headers) {
        if (name.empty() || !is_visible(name) || name.find(':') != std::string::npos || !is_field(value))
            lines.emplace_back("a header for ComfyUI cannot be sent: its name or value is no header's.");
    }
    return lines;
}

bool is_behind_proxy(const ComfySettings& settings) {
    return host_of(settings.base_url).ends_with(proxy_domain);
}

Milliseconds upload_timeout(const ComfySettings& settings, std::uint64_t bytes) {
    const auto wanted = Milliseconds(30'000 + static_cast<std::int64_t>(bytes >> 20) * 1'000);
    return is_behind_proxy(settings) ? std::min(wanted, proxy_answer_max) : wanted;
}

}  // namespace darkroom::comfyui
