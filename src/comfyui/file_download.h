// One file on its way from /view, in as many requests as it takes: proxies cut long answers, so each new one
// asks for the rest, and only of the same file.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "comfyui/call_error.h"
#include "comfyui/comfy_settings.h"
#include "ports/clock.h"
#include "ports/http_client.h"

namespace darkroom::comfyui {

/// One thread at a time. What was read is to be thrown away after a failure.
class FileDownload {
public:
    static constexpr int tries_max = 5;

    /// All references must outlive it. No request is made before the first call.
    FileDownload(ports::OutgoingRequest request, const ComfySettings& settings, ports::HttpClient& http,
                 const ports::Clock& clock);

    /// Waits until it is known how long the file is; read() does so by itself.
    Result<void, CallError> begin();
    /// 0 = the end, which is only told when the whole file was there.
    Result<std::size_t, CallError> read(std::span<char> buffer);

    /// Unset before begin(), or if the server does not tell.
    std::optional<std::uint64_t> total() const { return total_; }
    std::uint64_t got() const { return got_; }
    /// Hex, of the whole; once, after the end.
    std::string sha256_hex() { return to_hex(digest_.finish()); }

private:
    Result<void, CallError> ask();
    std::optional<CallError> problem_of_head(const ports::FetchedAnswer& head);
    std::optional<CallError> problem_of_rest(const ports::FetchedAnswer& head) const;
    std::optional<CallError> take(std::string_view piece);
    /// Waits a little before the next try; false: there is none.
    bool goes_on_after(const CallError& error);

    const ports::OutgoingRequest request_;
    const ComfySettings& settings_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    std::unique_ptr<ports::OpenAnswer> answer_;
    Instant deadline_;
    int tries_ = 1;
    bool has_begun_ = false;
    std::uint64_t got_ = 0;
    std::optional<std::uint64_t> total_;
    std::string validator_;  // an ETag or a date: of the version that was begun with
    Sha256 digest_;
};

}  // namespace darkroom::comfyui
