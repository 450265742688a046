// The part of Connection that sends an answer: text, file, event stream or held answer, and what comes after
// it.
#include <strings.h>

#include "http/answer_head.h"
#include "http/byte_range.h"
#include "http/connection.h"

namespace darkroom::http {
namespace {

constexpr std::size_t kept_input_bytes = 16'384;

bool has_no_body(int status) { return status == 204 || status == 304; }

void set_field(ports::HttpFields& fields, std::string_view name, std::string value) {
    std::erase_if(fields, [&](const auto& field) {
        return field.first.size() == name.size() &&
               ::strncasecmp(field.first.data(), name.data(), name.size()) == 0;
    });
    fields.emplace_back(name, std::move(value));
}

}  // namespace

void Connection::answer(ports::HttpResponse response) {
    if (finishing_ || core_.stopping) exchange_->keep_alive = false;
    if (auto* const text = std::get_if<std::string>(&response.body)) return answer_text(response, *text);
    if (auto* const file = std::get_if<ports::FileBody>(&response.body)) return answer_file(response, *file);
    if (auto* const held = std::get_if<ports::HeldAnswer>(&response.body))
        return answer_held(std::move(*held));
    if (auto* const pieces = std::get_if<ports::PiecesBody>(&response.body))
        return answer_pieces(response, *pieces);
    if (std::holds_alternative<ports::NoAnswer>(response.body)) return close();
    answer_stream(response, std::move(std::get<ports::EventStream>(response.body)));
}

void Connection::answer_text(ports::HttpResponse& response, const std::string& text) {
    if (has_no_body(response.status)) {
        send_head(response, std::nullopt);
    } else {
        send_head(response, text.size());
        if (!is_head_request()) writer_.buffer().append(text);
    }
    send();
}

// What a client gets of something of this size and version, said in the head; nullopt = it has been answered.
std::optional<ByteRange> Connection::answer_part(ports::HttpResponse& response, std::uint64_t bytes,
                                                 const std::string& etag) {
    set_field(response.headers, "Accept-Ranges", "bytes");
    if (!etag.empty()) set_field(response.headers, "ETag", etag);
    const bool plain = response.status == 200;
    if (plain && client_has(exchange_->request, etag)) {
        response.status = 304;
        send_head(response, std::nullopt);
        send();
        return std::nullopt;
    }
    ByteRange range{ByteRange::Kind::whole, 0, bytes};
    if (plain) range = choose_range(exchange_->request, bytes, etag);
    if (range.kind == ByteRange::Kind::unsatisfiable) {
        auto refusal = core_.error_answer(416, "range_not_satisfiable",
                                          "The file is shorter than the range that was asked for.",
                                          exchange_->request.id);
        set_field(refusal.headers, "Content-Range", "bytes */" + std::to_string(bytes));
        answer(std::move(refusal));
        return std::nullopt;
    }
    if (range.kind == ByteRange::Kind::part) {
        response.status = 206;
        set_field(response.headers, "Content-Range",
                  "bytes " + std::to_string(range.first) + "-" +
                      std::to_string(range.first + range.bytes - 1) + "/" + std::to_string(bytes));
    }
    return range;
}

void Connection::answer_file(ports::HttpResponse& response, ports::FileBody& file) {
    const auto range = answer_part(response, file.bytes, file.etag);
    if (!range) return;
    send_head(response, range->bytes);
    if (!is_head_request()) writer_.attach_file(std::move(file.file), range->first, range->bytes);
    send();
}

// The head waits in the writer for the first piece: as long as nothing is said, what cannot be fetched is an
// error that the client can read, and not a download that breaks.
void Connection::answer_pieces(ports::HttpResponse& response, ports::PiecesBody& pieces) {
    const auto range = answer_part(response, pieces.bytes, pieces.etag);
    if (range) send_head(response, range->bytes);
    if (!range || is_head_request() || range->bytes == 0) {
        core_.run_on_pool([open = std::move(pieces.open)] {}, [] {});  // may own what is slow to let go of
        if (range) send();
        return;
    }
    pieces_ = std::make_shared<PiecesRun>(core_, std::move(pieces.open), range->first, range->bytes,
                                          [this](const PiecesRun::Piece& piece) { on_piece(piece); });
    enter(Phase::fetching);
    pieces_->next();
}

void Connection::on_piece(const PiecesRun::Piece& piece) {
    if (piece.broken) return on_pieces_broken();
    enter(Phase::writing);
    writer_.attach_bytes(piece.bytes);
    writer_.start(shared_from_this(), [this, last = piece.bytes_to_come == 0](bool ok) {
        if (phase_ == Phase::closed) return;
        if (!ok) return close();
        if (last) {
            pieces_.reset();
            return on_answered(true);
        }
        enter(Phase::fetching);
        pieces_->next();
    });
}

void Connection::on_pieces_broken() {
    // With the length promised, a cut is the only way left to say that it is wrong.
    if (writer_.buffer().empty()) return close();
    writer_.buffer().clear();
    pieces_.reset();
    auto refusal = core_.error_answer(503, "storage_unavailable", "The file could not be fetched; try again.",
                                      exchange_->request.id);
    set_field(refusal.headers, "Retry-After", "1");
    answer(std::move(refusal));
}

void Connection::answer_stream(ports::HttpResponse& response, ports::EventStream stream) {
    exchange_->keep_alive = false;  // the end of the connection is the end of the stream
    set_field(response.headers, "Content-Type", "text/event-stream");
    set_field(response.headers, "Cache-Control", "no-store");
    set_field(response.headers, "X-Accel-Buffering", "no");
    send_head(response, std::nullopt);
    if (is_head_request()) return send();
    exchange_->waited = true;
    exchange_->tell(*core_.options.meters, status_);
    stream_ = std::make_shared<EventStreamRun>(
        core_, std::move(stream), [this](const std::string& bytes, bool end) { write_events(bytes, end); });
    enter(Phase::streaming);
    want_input();
    writer_.start(shared_from_this(), [this](bool ok) {
        if (phase_ == Phase::closed) return;
        if (!ok) return close();
        if (finishing_) return end_connection();
        stream_->start();
    });
}

void Connection::write_events(const std::string& bytes, bool end) {
    if (bytes.empty()) return end_connection();
    writer_.buffer().assign(bytes);
    writer_.start(shared_from_this(), [this, end](bool ok) {
        if (phase_ == Phase::closed) return;
        if (!ok) return close();
        if (end || finishing_) return end_connection();
        stream_->written();
    });
}

void Connection::answer_held(ports::HeldAnswer held) {
    held_ = std::make_shared<HeldAnswerRun>(core_, std::move(held), exchange_->request.id,
                                            [this](ports::HttpResponse response) {
                                                held_.reset();
                                                answer(std::move(response));
                                            });
    exchange_->waited = true;
    enter(Phase::held);
    want_input();
    held_->start();
}

void Connection::send_head(const ports::HttpResponse& response, std::optional<std::uint64_t> content_length) {
    status_ = response.status;
    const AnswerFrame frame{core_.date(), exchange_->request.id, content_length, exchange_->keep_alive,
                            exchange_->http_1_0};
    append_answer_head(writer_.buffer(), response.status, response.headers, frame);
}

void Connection::send() {
    enter(Phase::writing);
    writer_.start(shared_from_this(), [this](bool ok) { on_answered(ok); });
}

void Connection::on_answered(bool ok) {
    if (phase_ == Phase::closed) return;
    exchange_->tell(*core_.options.meters, status_);
    if (!ok) return close();
    if (!exchange_->keep_alive || finishing_) return end_connection();
    exchange_.reset();
    enter(Phase::idle);
    if (in_.empty()) {
        if (in_.capacity() > kept_input_bytes) in_ = {};  // thousands of idle connections must stay cheap
        return want_input();
    }
    process_head();
}

// Says FIN. If the client may still be sending, reads on for a while: closing with bytes unread would make
// the kernel send a reset, which can overtake the answer and take it from the client.
void Connection::end_connection() {
    IoError ignored;
    const bool unread = input_unread_ || !in_.empty() || socket_.available(ignored) > 0;
    if (!unread) return close();
    if (stream_) stream_->cancel();
    socket_.shutdown(Socket::shutdown_send, ignored);
    in_.clear();
    enter(Phase::lingering);
    want_input();
}

}  // namespace darkroom::http
