#include "runpod/client/client_settings.h"

#include <algorithm>

namespace darkroom::runpod {
namespace {

constexpr std::size_t endpoint_id_bytes_max = 64;
constexpr std::size_t api_key_bytes_max = 512;

bool is_endpoint_id(const std::string& text) {
    return !text.empty() && text.size() <= endpoint_id_bytes_max &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '-';
           });
}

bool is_visible(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

bool is_base_url(const std::string& text) {
    const auto host_at = text.starts_with("https://") ? 8u : text.starts_with("http://") ? 7u : 0u;
    if (host_at == 0 || text.size() <= host_at || text[host_at] == '/') return false;
    return is_visible(text) && text.find_first_of("?#@") == std::string::npos;
}

}  // namespace

std::vector<std::string> problems(const ClientSettings& settings) {
    std::vector<std::string> found;
    if (!is_base_url(settings.base_url))
        found.push_back(
            "the base URL of RunPod must be http or https and a host, without user, query or fragment");
    if (!is_endpoint_id(settings.endpoint_id))
        found.push_back("a RunPod endpoint id has 1 to 64 letters, digits, _ or -");
    if (settings.api_key.empty() || settings.api_key.size() > api_key_bytes_max ||
        !is_visible(settings.api_key))
        found.push_back("the RunPod API key is missing or holds what no key holds");
    for (const auto time : {settings.connect_timeout, settings.run_timeout, settings.call_timeout,
                            settings.call_deadline, settings.run_patience}) {
        if (time > Milliseconds(0)) continue;
        found.push_back("times of the RunPod client must be longer than 0");
        break;
    }
    return found;
}

}  // namespace darkroom::runpod
