// The part of Connection that takes a request in: head, verdict of the route, body, handler.
#include "http/connection.h"
#include "http/head_parser.h"
#include "http/target.h"

namespace darkroom::http {

void Connection::process_head() {
    switch (head_check_.feed(in_)) {
        case HeadCheck::Progress::need_more:
            if (phase_ == Phase::idle && !in_.empty()) enter(Phase::reading_head);
            return want_input();
        case HeadCheck::Progress::refused:
            return refuse(head_check_.fault());
        case HeadCheck::Progress::complete:
            return begin_request();
    }
}

void Connection::begin_request() {
    const auto facts = head_check_.facts();
    auto head = parse_head(std::string_view(in_).substr(facts.begin, facts.end - facts.begin));
    in_.erase(0, facts.end);
    head_check_ = HeadCheck(core_.options.head);
    if (!head) return refuse(head.error());
    auto target = parse_target(head->target);
    if (!target) return refuse({400, "bad_target", "The request target has a broken percent escape."});

    exchange_ = std::make_shared<Exchange>();
    auto& request = exchange_->request;
    request.method = head->method.value_or(ports::HttpMethod::get);
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    request.headers = std::move(head->fields);
    request.content_length = facts.content_length;
    request.id = core_.new_request_id();
    request.remote_address = remote_address_;
    exchange_->expects_continue = facts.expects_continue;
    exchange_->http_1_0 = facts.http_1_0;
    exchange_->keep_alive = facts.keep_alive && ++requests_ < core_.options.requests_per_connection_max;
    route_request(head->method ? &request.method : nullptr, request.path);
}

void Connection::route_request(const ports::HttpMethod* method, const std::string& path) {
    const bool asks_options = method != nullptr && *method == ports::HttpMethod::options;
    const auto* content_type = exchange_->request.header("Content-Type");
    auto match =
        core_.router.match(method != nullptr ? std::optional(*method) : std::nullopt, path,
                           content_type != nullptr ? std::string_view(*content_type) : std::string_view());
    if (asks_options && (path == "*" || !match.allow.empty())) {
        ports::HttpResponse options;
        options.status = 204;
        options.headers.emplace_back(
            "Allow", path == "*" ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : match.allow);
        return answer_without_handler(std::move(options));
    }
    if (match.route == nullptr && match.allow.empty()) {
        return answer_without_handler(
            core_.error_answer(404, "not_found", "There is nothing at this address.", exchange_->request.id));
    }
    if (match.route == nullptr) {
        auto refusal = core_.error_answer(405, "method_not_allowed",
                                          "This address does not take this method.", exchange_->request.id);
        refusal.headers.emplace_back("Allow", match.allow);
        return answer_without_handler(std::move(refusal));
    }
    exchange_->route = match.route;
    exchange_->request.path_params = std::move(match.params);
    if (exchange_->request.content_length > match.route->body.bytes_max) {
        return answer_without_handler(core_.error_answer(
            413, "too_large", "The body is larger than this address takes.", exchange_->request.id));
    }
    if (match.route->check_head == nullptr) return ask_for_body();
    const bool in_memory = match.route->body.kind != ports::BodyPolicy::Kind::spool;
    if (in_memory && whole_body_is_here()) {
        // One trip to the pool instead of two: the handler's thread checks the head first.
        const auto bytes = std::size_t(exchange_->request.content_length);
        exchange_->unchecked_body = in_.substr(0, bytes);
        in_.erase(0, bytes);
        return handle();
    }
    enter(Phase::checking);
    core_.run_on_pool([&core = core_, exchange = exchange_] { exchange->check_head(core); },
                      [self = shared_from_this()] { self->on_head_checked(); });
}

bool Connection::whole_body_is_here() const { return in_.size() >= exchange_->request.content_length; }

void Connection::on_head_checked() {
    if (phase_ == Phase::closed) return;
    if (exchange_->refusal) return answer_without_handler(std::move(*exchange_->refusal));
    ask_for_body();
}

void Connection::ask_for_body() {
    if (!exchange_->expects_continue || whole_body_is_here()) return begin_body();
    enter(Phase::writing);
    writer_.buffer() = "HTTP/1.1 100 Continue\r\n\r\n";
    writer_.start(shared_from_this(), [this](bool ok) {
        if (phase_ == Phase::closed) return;
        if (!ok) return close();
        begin_body();
    });
}

void Connection::begin_body() {
    const auto bytes = exchange_->request.content_length;
    if (exchange_->route->body.kind == ports::BodyPolicy::Kind::spool) {
        auto receiver = BodyReceiver::in_file(bytes, core_.options.spool_dir);
        if (!receiver) return refuse(receiver.error());
        body_.emplace(std::move(*receiver));
    } else {
        body_.emplace(BodyReceiver::in_memory(bytes));
    }
    enter(Phase::reading_body);
    const auto early = std::exchange(in_, {});
    take_body(early);
}

void Connection::take_body(std::string_view bytes) {
    const auto taken = body_->take(bytes);
    if (!taken) return refuse(taken.error());
    if (!body_->complete()) return want_input();
    in_.append(bytes.substr(*taken));
    std::move(*body_).move_into(exchange_->request);
    body_.reset();
    handle();
}

void Connection::handle() {
    enter(Phase::handling);
    core_.run_on_pool([&core = core_, exchange = exchange_] { exchange->handle(core); },
                      [self = shared_from_this()] {
                          if (self->phase_ != Phase::closed)
                              self->answer(std::move(self->exchange_->response));
                      });
}

// The server's own answer while the request is still coming in: the client may be in the middle of sending.
void Connection::refuse(const HeadFault& fault) {
    if (!exchange_) {
        exchange_ = std::make_shared<Exchange>();
        exchange_->request.id = core_.new_request_id();
    }
    body_.reset();
    exchange_->keep_alive = false;
    input_unread_ = true;
    answer(core_.error_answer(fault.status, fault.code, fault.detail, exchange_->request.id));
}

// Keeps the connection if the unwanted body is small enough to be here already.
void Connection::answer_without_handler(ports::HttpResponse response) {
    if (whole_body_is_here()) {
        in_.erase(0, std::size_t(exchange_->request.content_length));
    } else {
        exchange_->keep_alive = false;
        input_unread_ = true;
    }
    answer(std::move(response));
}

}  // namespace darkroom::http
