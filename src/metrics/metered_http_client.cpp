#include "metrics/metered_http_client.h"

#include <algorithm>
#include <array>

namespace darkroom::metrics {
namespace {

constexpr std::array<std::string_view, 8> runpod_words{"run",    "runsync", "status",      "cancel",
                                                       "health", "retry",   "purge-queue", "stream"};
constexpr std::array<std::string_view, 10> comfyui_words{"jobs",         "prompt", "history",   "queue",
                                                         "view",         "upload", "interrupt", "object_info",
                                                         "system_stats", "free"};

std::string_view word_of(ports::FetchError error) {
    switch (error) {
        case ports::FetchError::bad_url:
            return "bad_url";
        case ports::FetchError::unreachable:
            return "unreachable";
        case ports::FetchError::interrupted:
            return "interrupted";
        case ports::FetchError::timed_out:
            return "timed_out";
        case ports::FetchError::tls:
            return "tls";
        case ports::FetchError::answer_too_large:
            return "answer_too_large";
        case ports::FetchError::stopped:
            return "stopped";
        case ports::FetchError::withheld:
            return "withheld";
    }
    return "other";
}

std::string_view path_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    url.remove_prefix(std::min(url.find('/'), url.size()));
    return url.substr(0, url.find_first_of("?#"));
}

}  // namespace

std::span<const std::string_view> runpod_ops() { return runpod_words; }
std::span<const std::string_view> comfyui_ops() { return comfyui_words; }

std::string_view op_of(std::string_view url, std::span<const std::string_view> ops) {
    auto path = path_of(url);
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto segment = path.substr(0, path.find('/'));
        const auto known = std::find(ops.begin(), ops.end(), segment);
        if (known != ops.end()) return *known;
        path.remove_prefix(segment.size());
    }
    return "other";
}

MeteredHttpClient::MeteredHttpClient(ports::HttpClient& behind, std::string endpoint,
                                     std::span<const std::string_view> ops, ports::Meters& meters,
                                     const ports::Clock& clock)
    : behind_(behind), endpoint_(std::move(endpoint)), ops_(ops), meters_(meters), clock_(clock) {}

void MeteredHttpClient::count(const ports::OutgoingRequest& request, std::string_view code, Instant began) {
    meters_.provider_request({.endpoint = endpoint_,
                              .op = op_of(request.url, ops_),
                              .code = code,
                              .took = clock_.monotonic() - began});
}

Result<ports::FetchedAnswer, ports::FetchFailure> MeteredHttpClient::fetch(
    const ports::OutgoingRequest& request) {
    const auto began = clock_.monotonic();
    auto answer = behind_.fetch(request);
    count(request, answer ? std::to_string(answer->status) : std::string(word_of(answer.error().kind)),
          began);
    return answer;
}

Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> MeteredHttpClient::open(
    const ports::OutgoingRequest& request) {
    const auto began = clock_.monotonic();
    auto answer = behind_.open(request);
    count(request,
          answer ? std::to_string((*answer)->head().status) : std::string(word_of(answer.error().kind)),
          began);
    return answer;
}

}  // namespace darkroom::metrics
