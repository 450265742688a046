// Outgoing HTTP, blocking. Every request has a deadline; secrets travel only in headers and never reach a
// log.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ports/http_message.h"

namespace darkroom::ports {

/// A part of a file, sent as a body.
struct FileSlice {
    std::filesystem::path path;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> bytes;  // unset = to the end
};

struct OutgoingRequest {
    HttpMethod method = HttpMethod::get;
    std::string url;
    HttpFields headers;
    std::string body;
    std::optional<FileSlice> body_file;  // sent instead of `body`, streamed
    /// IP address to connect to instead of resolving the URL's host, which stays the name in Host, SNI and
    /// certificate check. No proxy is used then.
    std::string connect_address;
    Milliseconds connect_timeout{5'000};
    Milliseconds total_timeout{60'000};
    Milliseconds idle_timeout{0};  // no byte in either direction for so long ends the transfer; 0 = none
    std::uint64_t answer_bytes_max = 16u << 20;  // of a buffered answer
    /// If set, a 2xx body goes here piece by piece instead of into `body`; returning false ends the transfer
    /// (FetchError::stopped).
    std::function<bool(std::string_view piece)> on_body;
    /// If set, called with bytes sent and bytes to send while the body goes out.
    std::function<void(std::uint64_t sent, std::uint64_t total)> on_upload_progress;
    /// Once this descriptor is readable the transfer ends at once (FetchError::stopped): how another thread
    /// ends a long poll. Stays the caller's and open as long as the request runs; -1 = nothing stops it.
    int stop_fd = -1;
    /// If set, asked once the connection stands and before the first byte goes out; false ends it
    /// (FetchError::withheld): the last moment at which something that must not be sent twice can be kept.
    std::function<bool()> may_send;
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
    withheld,  // by may_send: certainly nothing was sent
};

struct FetchFailure {
    FetchError kind;
    std::string detail;  // for the operator; holds no secrets
};

/// An answer whose body is still on its way. One thread at a time; not read, it costs a connection and no
/// more than a piece of memory.
class OpenAnswer {
public:
    virtual ~OpenAnswer() = default;
    /// Status and headers; its body is empty.
    virtual const FetchedAnswer& head() const = 0;
    /// 0 = the end, which is only told when the whole body was there.
    virtual Result<std::size_t, FetchFailure> read(std::span<char> buffer) = 0;
};

/// Safe to use from many threads at once.
class HttpClient {
public:
    virtual ~HttpClient() = default;
    /// Any status is an answer; only what kept an answer from coming is a failure. Redirects are not
    /// followed.
    virtual Result<FetchedAnswer, FetchFailure> fetch(const OutgoingRequest& request) = 0;
    /// Returns when the head of the answer is there; the body is pulled by reading. `total_timeout` covers
    /// the time to the head, `idle_timeout` each read; time between reads does not count. on_body is not
    /// used.
    virtual Result<std::unique_ptr<OpenAnswer>, FetchFailure> open(const OutgoingRequest& request) = 0;
};

}  // namespace darkroom::ports
