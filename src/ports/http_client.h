// Outgoing HTTP, blocking. Every request has a deadline; secrets travel only in headers and never reach a
// log.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::ports {

struct OutgoingRequest {
    HttpMethod method = HttpMethod::get;
    std::string url;
    HttpFields headers;
    std::string body;
    std::optional<std::filesystem::path> body_file;  // sent instead of `body`, streamed
    Milliseconds connect_timeout{5'000};
    Milliseconds total_timeout{60'000};
    std::uint64_t answer_bytes_max = 16u << 20;  // of a buffered answer
    /// If set, a 2xx body goes here piece by piece instead of into `body`; returning false ends the transfer
    /// (FetchError::stopped).
    std::function<bool(std::string_view piece)> on_body;
    /// If set, called with bytes sent and bytes to send while the body goes out.
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload_progress;
};

struct FetchedAnswer {
    int status = 0;
    HttpFields headers;
    std::string body;
};

enum class FetchError {
    bad_url,
    unreachable,  // name not resolved or connection refused: the request was certainly not received
    interrupted,  // cut, reset or timed out after something may have been sent
    timed_out,    // before anything was sent
    tls,
    answer_too_large,
    stopped,
};

struct FetchFailure {
    FetchError kind;
    std::string detail;  // for the operator; holds no secrets
};

/// Safe to use from many threads at once.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    /// Any status is an answer; only what kept an answer from coming is a failure. Redirects are not
    /// followed.
    virtual Result<FetchedAnswer, FetchFailure> fetch(const OutgoingRequest& request) = 0;
};

}  // namespace darkroom::ports
