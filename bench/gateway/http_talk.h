// A client for what a benchmark says to the gateway besides its load: one blocking connection on this
// machine, kept open, every wait bounded.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace darkroom::bench {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

/// The bytes of a request with these header lines (each ending in CRLF) and this body.
std::string request_text(std::string_view method, std::string_view target, std::string_view header_lines,
                         std::string_view body);

/// A complete answer at the front of `bytes`: where it ends and what its head says.
struct AnswerFrame {
    int status = 0;
    std::size_t head_bytes = 0;
    std::size_t bytes = 0;
    bool closes = false;  // the server will not take another request on this connection
};
/// nullopt while it is incomplete. What is not an answer is a complete one with status 0.
std::optional<AnswerFrame> find_answer(std::string_view bytes);

/// A socket connected to the port on 127.0.0.1, blocking, with time limits; none if nobody listens.
UniqueFd connect_here(std::uint16_t port);

class HttpTalk {
public:
    explicit HttpTalk(std::uint16_t port) : port_(port) {}

    /// nullopt if nobody listens or no answer comes.
    std::optional<HttpAnswer> ask(const std::string& request);
    void hang_up() { socket_.reset(); }

private:
    std::optional<HttpAnswer> ask_once(const std::string& request);

    std::uint16_t port_;
    UniqueFd socket_;
};

}  // namespace darkroom::bench
