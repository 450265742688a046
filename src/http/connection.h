// One client connection, as a state machine on the loop: reads a head, lets the route judge it, takes the
// body, has the handler run on the pool, sends the answer, and again. Requests are served one at a time in
// the order they came, so pipelined ones simply wait in `in_`. Every phase has a deadline, looked at by the
// server's sweep.
//
//   idle -> reading_head -> [checking ->] [reading_body ->] handling -> writing -> idle | lingering -> closed
//                                                              fetching <-> writing
//                                                               held -> writing
//                                                          streaming -> lingering
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_receiver.h"
#include "http/byte_range.h"
#include "http/event_stream_run.h"
#include "http/exchange.h"
#include "http/head_check.h"
#include "http/held_answer_run.h"
#include "http/pieces_run.h"
#include "http/server_core.h"
#include "http/socket_writer.h"

namespace darkroom::http {

/// Loop thread only. Alive while an operation of its socket or a pool task is under way, or the server lists
/// it.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(ServerCore& core, Socket socket, std::string remote_address);

    void start();
    /// Ends what has waited too long, sends due heartbeats.
    void sweep(Instant now);
    /// Graceful stop: at once if nothing is under way, else after the answer.
    void finish();
    void close();

    const std::string& remote_address() const { return remote_address_; }

private:
    enum class Phase {
        idle,
        reading_head,
        checking,
        reading_body,
        handling,
        held,
        streaming,
        fetching,
        writing,
        lingering,
        closed
    };

    // Reading (connection.cpp)
    bool wants_input() const;
    void want_input();
    void read_available();
    void take_input(std::string_view bytes);
    void on_input_end();
    void enter(Phase phase);

    // A request (connection_request.cpp)
    void process_head();
    void begin_request();
    void route_request(const ports::HttpMethod* method, const std::string& path);
    void on_head_checked();
    void ask_for_body();
    void begin_body();
    void take_body(std::string_view bytes);
    void handle();
    bool whole_body_is_here() const;
    void refuse(const HeadFault& fault);
    void answer_without_handler(ports::HttpResponse response);

    // Its answer (connection_answer.cpp)
    void answer(ports::HttpResponse response);
    void answer_text(ports::HttpResponse& response, const std::string& text);
    void answer_file(ports::HttpResponse& response, ports::FileBody& file);
    void answer_pieces(ports::HttpResponse& response, ports::PiecesBody& pieces);
    void on_piece(const PiecesRun::Piece& piece);
    void on_pieces_broken();
    std::optional<ByteRange> answer_part(ports::HttpResponse& response, std::uint64_t bytes,
                                         const std::string& etag);
    void answer_stream(ports::HttpResponse& response, ports::EventStream stream);
    void answer_held(ports::HeldAnswer held);
    void write_events(const std::string& bytes, bool end);
    void send_head(const ports::HttpResponse& response, std::optional<std::uint64_t> content_length);
    void send();
    void on_answered(bool ok);
    void end_connection();
    bool is_head_request() const { return exchange_->request.method == ports::HttpMethod::head; }

    ServerCore& core_;
    Socket socket_;
    const std::string remote_address_;
    SocketWriter writer_;
    Phase phase_ = Phase::idle;
    Instant phase_since_{};
    Instant last_input_{};
    bool waiting_ = false;       // for the socket to become readable
    bool input_unread_ = false;  // an answer went out before the request was read to its end
    bool finishing_ = false;
    unsigned requests_ = 0;
    std::string in_;  // bytes not yet used: a head being read, pipelined requests
    HeadCheck head_check_;
    std::shared_ptr<Exchange> exchange_;
    int status_ = 0;  // of the answer whose head was made last
    std::optional<BodyReceiver> body_;
    std::shared_ptr<HeldAnswerRun> held_;
    std::shared_ptr<EventStreamRun> stream_;
    std::shared_ptr<PiecesRun> pieces_;
};

}  // namespace darkroom::http
