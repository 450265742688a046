// A body that is fetched from elsewhere while it is sent. One piece is on its way to the client while the
// next is read on a pool thread; then nothing more is read until the client has taken its piece, so a slow
// client costs two pieces of memory and no thread. Loop thread only, but for what the pool does with the
// reader.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "http/server_core.h"

namespace darkroom::http {

class PiecesRun : public std::enable_shared_from_this<PiecesRun> {
public:
    struct Piece {
        std::string_view bytes;  // stay until next() is called
        std::uint64_t bytes_to_come = 0;
        bool broken = false;  // there are no more, though there should be
    };
    using Open = std::function<std::unique_ptr<ports::PieceReader>(std::uint64_t, std::uint64_t)>;
    using OnPiece = std::function<void(const Piece& piece)>;

    /// `length` is more than zero.
    PiecesRun(ServerCore& core, Open open, std::uint64_t offset, std::uint64_t length, OnPiece on_piece);

    /// Calls `on_piece`, now or later. Not while a call is due, nor after the last piece or a broken one.
    void next();
    /// `on_piece` is not called again.
    void cancel();

private:
    // Loop
    void fetch();
    void on_fetched();
    void hand_over();
    void let_go_of_reader();

    // Pool, while the loop waits for on_fetched()
    void read_piece();
    std::size_t fill(std::vector<char>& buffer);

    ServerCore& core_;
    Open open_;
    const std::uint64_t offset_;
    const std::uint64_t length_;
    OnPiece on_piece_;
    std::shared_ptr<ports::PieceReader> reader_;
    std::array<std::vector<char>, 2> buffers_;
    std::size_t filling_ = 0;  // which of them the pool fills; the other is the client's
    std::size_t filled_ = 0;   // bytes of the piece that was fetched; 0 = it broke
    std::uint64_t left_;       // not yet fetched
    bool broken_ = false;      // the reader will give nothing more
    bool fetching_ = false;
    bool fetched_ = false;  // a piece, or the news that there is none, waits for next()
    bool wanted_ = false;   // next() waits for a piece
};

}  // namespace darkroom::http
