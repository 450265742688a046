// One file on its way from /view, in as many requests as it takes: proxies cut long answers, so each new one
// asks for the rest, and only of the same file.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "comfyui/comfy_client.h"

namespace darkroom::comfyui {

inline constexpr int download_tries_max = 5;

class FileDownload {
public:
    /// All references must outlive it.
    FileDownload(ports::OutgoingRequest request, const ComfySettings& settings, ports::HttpClient& http,
                 const ports::Clock& clock, const std::function<bool(std::string_view)>& sink);

    /// One request for what is not there yet.
    Result<Download, CallError> go_on();
    bool is_late() const { return clock_.monotonic() >= deadline_; }

private:
    std::optional<CallError> problem_of_head(const ports::FetchedAnswer& head);
    std::optional<CallError> take(std::string_view piece);

    ports::OutgoingRequest request_;
    const ComfySettings& settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    const std::function<bool(std::string_view)>& sink_;
    Instant deadline_;
    std::uint64_t got_ = 0;
    std::optional<std::uint64_t> total_;
    std::string validator_;  // an ETag or a date: of the version that was begun with
    Sha256 digest_;
};

}  // namespace darkroom::comfyui
