// Puts one answer on the wire: a reused string first, then bytes of somebody else's or pieces of a file.
// Holds at most one piece in memory, however slow the client is. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/unique_fd.h"
#include "http/asio.h"

namespace darkroom::http {

class SocketWriter {
public:
    explicit SocketWriter(Socket& socket) : socket_(socket) {}

    /// What the next start() writes first. Not to be touched while busy().
    std::string& buffer() { return out_; }
    /// Follows the buffer. The bytes are not copied: they must stay until the write is done.
    void attach_bytes(std::string_view bytes) { attached_ = bytes; }
    /// Follows the buffer. A file that turns out shorter than `offset + bytes` fails the write.
    void attach_file(UniqueFd file, std::uint64_t offset, std::uint64_t bytes);

    /// Calls `done(ok)` once, later, from the loop; `owner` is kept alive until then. Not while busy().
    void start(std::shared_ptr<void> owner, std::function<void(bool ok)> done);

    bool busy() const { return done_ != nullptr; }
    Instant last_progress() const { return last_progress_; }

private:
    void write_some();
    void on_written(const IoError& error, std::size_t bytes);
    bool read_file_piece();
    void finish(bool ok);

    Socket& socket_;
    std::string out_;
    std::size_t sent_ = 0;  // of out_
    std::string_view attached_;
    UniqueFd file_;
    std::uint64_t file_offset_ = 0;
    std::uint64_t file_remaining_ = 0;
    Instant last_progress_{};
    std::shared_ptr<void> owner_;
    std::function<void(bool)> done_;
};

}  // namespace darkroom::http
