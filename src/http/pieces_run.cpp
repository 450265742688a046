#include "http/pieces_run.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace darkroom::http {
namespace {

// Larger ones were not faster (1 GiB through a relay, measured with 64 and 128 KiB), only larger.
constexpr std::uint64_t piece_bytes = 65'536;
// A reader that gives little at a time is asked again until there is this much, or time has passed: a slow
// source must not keep the client waiting.
constexpr std::size_t good_piece_bytes = 32'768;
constexpr Milliseconds collect_at_most{20};

}  // namespace

PiecesRun::PiecesRun(ServerCore& core, Open open, std::uint64_t offset, std::uint64_t length,
                     OnPiece on_piece)
    : core_(core),
      open_(std::move(open)),
      offset_(offset),
      length_(length),
      on_piece_(std::move(on_piece)),
      left_(length) {}

void PiecesRun::next() {
    wanted_ = true;
    if (fetched_) return hand_over();
    if (!fetching_) fetch();
}

void PiecesRun::cancel() {
    on_piece_ = nullptr;
    if (!fetching_) let_go_of_reader();
}

void PiecesRun::fetch() {
    fetching_ = true;
    const auto self = shared_from_this();
    core_.run_on_pool([self] { self->read_piece(); }, [self] { self->on_fetched(); });
}

void PiecesRun::on_fetched() {
    fetching_ = false;
    fetched_ = true;
    if (on_piece_ == nullptr) return let_go_of_reader();
    if (wanted_) hand_over();
}

// The piece goes to the client, and the buffer that the client has done with is filled meanwhile.
void PiecesRun::hand_over() {
    wanted_ = false;
    fetched_ = false;
    const Piece piece{{buffers_[filling_].data(), filled_}, left_, filled_ == 0};
    filling_ = 1 - filling_;
    if (left_ > 0 && !piece.broken) fetch();
    // A copy, because the call may end with cancel().
    const auto on_piece = on_piece_;
    on_piece(piece);
}

// A reader may own a connection and take its time to end: not on the loop.
void PiecesRun::let_go_of_reader() {
    if (!reader_ && !open_) return;
    core_.run_on_pool([reader = std::exchange(reader_, nullptr), open = std::exchange(open_, nullptr)] {},
                      [] {});
}

void PiecesRun::read_piece() {
    try {
        if (open_) {
            reader_ = open_(offset_, length_);
            open_ = nullptr;
        }
        auto& buffer = buffers_[filling_];
        buffer.resize(std::size_t(std::min(left_, piece_bytes)));
        filled_ = reader_ && !broken_ ? fill(buffer) : 0;
        left_ -= filled_;
    } catch (const std::exception& error) {
        log::error("a body could not be fetched", {{"error", error.what()}});
        filled_ = 0;
    } catch (...) {
        log::error("a body could not be fetched");
        filled_ = 0;
    }
    if (filled_ == 0 || left_ == 0) reader_.reset();
}

// What came before the reader broke, or ended before it should have, is the client's all the same.
std::size_t PiecesRun::fill(std::vector<char>& buffer) {
    const auto deadline = std::chrono::steady_clock::now() + collect_at_most;
    const auto good = std::min(buffer.size(), good_piece_bytes);
    std::size_t filled = 0;
    do {
        const auto got = reader_->read(std::span(buffer).subspan(filled));
        broken_ = !got || *got == 0;
        if (broken_) break;
        filled += *got;
        DR_CHECK(filled <= buffer.size());
    } while (filled < good && std::chrono::steady_clock::now() < deadline);
    return filled;
}

}  // namespace darkroom::http
