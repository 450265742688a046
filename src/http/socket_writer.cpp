#include "http/socket_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::http {
namespace {

constexpr std::uint64_t file_piece_bytes = 65'536;
constexpr std::size_t kept_capacity_bytes = 16'384;

}  // namespace

void SocketWriter::attach_file(UniqueFd file, std::uint64_t offset, std::uint64_t bytes) {
    file_ = std::move(file);
    file_offset_ = offset;
    file_remaining_ = bytes;
}

void SocketWriter::start(std::shared_ptr<void> owner, std::function<void(bool)> done) {
    DR_CHECK(!busy());
    owner_ = std::move(owner);
    done_ = std::move(done);
    sent_ = 0;
    last_progress_ = std::chrono::steady_clock::now();
    write_some();
}

void SocketWriter::write_some() {
    const std::array<asio::const_buffer, 2> both{asio::buffer(out_.data() + sent_, out_.size() - sent_),
                                                 asio::buffer(attached_.data(), attached_.size())};
    socket_.async_write_some(
        both, [this, owner = owner_](const IoError& error, std::size_t bytes) { on_written(error, bytes); });
}

void SocketWriter::on_written(const IoError& error, std::size_t bytes) {
    if (error) return finish(false);
    const auto of_out = std::min(bytes, out_.size() - sent_);
    sent_ += of_out;
    attached_.remove_prefix(bytes - of_out);
    last_progress_ = std::chrono::steady_clock::now();
    if (sent_ < out_.size() || !attached_.empty()) return write_some();
    if (file_remaining_ == 0) return finish(true);
    if (!read_file_piece()) return finish(false);
    write_some();
}

bool SocketWriter::read_file_piece() {
    out_.resize(std::size_t(std::min(file_remaining_, file_piece_bytes)));
    sent_ = 0;
    const auto got = ::pread(file_.get(), out_.data(), out_.size(), off_t(file_offset_));
    if (got <= 0) {
        // The length is promised already; cutting the connection is the only way left to say that it is
        // wrong.
        log::error("a file could not be sent to its end",
                   {{"error", got < 0 ? std::strerror(errno) : "shorter than announced"}});
        return false;
    }
    out_.resize(std::size_t(got));
    file_offset_ += std::uint64_t(got);
    file_remaining_ -= std::uint64_t(got);
    return true;
}

void SocketWriter::finish(bool ok) {
    out_.clear();
    if (out_.capacity() > kept_capacity_bytes) out_ = {};
    attached_ = {};
    file_.reset();
    file_remaining_ = 0;
    const auto done = std::exchange(done_, nullptr);
    const auto owner = std::move(owner_);
    done(ok);
}

}  // namespace darkroom::http
