// A connection that libcurl has made, as a stream of bytes: by TCP, or by TLS with the rules of all outgoing
// requests. Blocking with deadlines; one thread at a time.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/curl_lane.h"
#include "http/outgoing_url.h"
#include "ports/web_socket.h"

namespace darkroom::http {

class CurlLine {
public:
    using Failure = ports::WebSocketFailure;

    /// Connects, by `deadline`. `url` begins with http:// or https://.
    static Result<std::unique_ptr<CurlLine>, Failure> open(const std::string& url, Instant deadline,
                                                           int stop_fd);
    CurlLine(const CurlLine&) = delete;
    CurlLine& operator=(const CurlLine&) = delete;
    ~CurlLine() = default;

    /// What is there, waiting for it until `deadline`: 0 = nothing came.
    Result<std::size_t, Failure> read(std::span<char> buffer, Instant deadline);
    Result<void, Failure> write(std::string_view bytes, Instant deadline);

private:
    CurlLine(std::unique_ptr<CurlLane> lane, int stop_fd) : lane_(std::move(lane)), stop_fd_(stop_fd) {}
    Result<void, Failure> connect(const std::string& url, bool is_loopback, Instant deadline);
    bool is_stopped() const;
    /// False at the deadline, or when it is stopped.
    bool wait_for(short events, Instant deadline) const;

    std::unique_ptr<CurlLane> lane_;
    const int stop_fd_;
    int socket_ = -1;
};

}  // namespace darkroom::http
