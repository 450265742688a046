// A client that says exactly what a test wants, byte for byte, over a loopback socket. Every wait has a
// deadline.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"

namespace darkroom::http::testing {

struct RawAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// First value, names without case; empty if missing.
    std::string header(std::string_view name) const;
    std::size_t count(std::string_view name) const;
};

class RawClient {
public:
    /// Connects from `source` (any 127.x.y.z). `receive_buffer_bytes` makes a reader that is slow by nature.
    explicit RawClient(std::uint16_t port, const std::string& source = "", int receive_buffer_bytes = 0);

    bool connected() const { return connected_; }
    /// False if the server has gone.
    bool send(std::string_view bytes);
    void half_close();
    void close() { socket_.reset(); }
    /// Closes with a reset instead of a FIN.
    void reset();

    /// The next answer, by its Content-Length (a HEAD's answer has no body); nullopt if none comes in time.
    std::optional<RawAnswer> read_answer(bool to_head = false);
    /// The head alone, of an answer that does not end.
    std::optional<RawAnswer> read_head();
    /// Reads until `text` has come; all that came up to its end, or nullopt.
    std::optional<std::string> read_past(std::string_view text);
    /// Everything until the server closes (also by reset); nullopt if it does not in time.
    std::optional<std::string> read_to_end();
    bool closed_by_server() { return read_to_end().has_value(); }
    /// True if nothing arrives and nothing closes for `quiet`.
    bool silent_for(Milliseconds quiet);
    /// One read of at most `bytes`; 0 = closed or too late.
    std::size_t read_some(std::size_t bytes);

    void set_patience(Milliseconds patience) { patience_ = patience; }
    int fd() const { return socket_.get(); }

private:
    enum class Got { bytes, end, nothing };
    Got receive(Instant deadline, std::size_t bytes_max = 65'536);
    Instant deadline() const { return std::chrono::steady_clock::now() + patience_; }

    UniqueFd socket_;
    bool connected_ = false;
    std::string in_;
    Milliseconds patience_{10'000};
};

}  // namespace darkroom::http::testing
