// An HTTP client whose requests to one endpoint are counted by what was asked and what came back.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/meters.h"

namespace darkroom::metrics {

/// The first segment of the URL's path that is one of `ops`, else "other": no id in a path becomes a label.
std::string_view op_of(std::string_view url, std::span<const std::string_view> ops);

/// What RunPod's job API and a ComfyUI server are asked.
std::span<const std::string_view> runpod_ops();
std::span<const std::string_view> comfyui_ops();

class MeteredHttpClient final : public ports::HttpClient {
public:
    /// The references, and what `ops` is a view of, outlive it.
    MeteredHttpClient(ports::HttpClient& behind, std::string endpoint, std::span<const std::string_view> ops,
                      ports::Meters& meters, const ports::Clock& clock);

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override;
    /// Counted when the head of the answer is there.
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override;

private:
    void count(const ports::OutgoingRequest& request, std::string_view code, Instant began);

    ports::HttpClient& behind_;
    const std::string endpoint_;
    const std::span<const std::string_view> ops_;
    ports::Meters& meters_;
    const ports::Clock& clock_;
};

}  // namespace darkroom::metrics
