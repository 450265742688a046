#include "tests/e2e/storm_clients.h"

#include <array>

#include "base/json.h"
#include "base/json_writer.h"
#include "tests/e2e/event_stream.h"
#include "tests/e2e/pictures.h"

namespace darkroom::e2e {
namespace {

constexpr Milliseconds request_patience{10'000};
constexpr Milliseconds pause_before_repeat{20};
constexpr Milliseconds stream_patience{5'000};

struct Kind {
    const char* type;
    const char* params;
};
constexpr std::array kinds{Kind{"jpeg_to_png", "{}"}, Kind{"upscale_2k", R"({"target":512})"},
                           Kind{"bg_remove", "{}"}};

bool try_later(int status) { return status == 0 || status == 429 || status == 503 || status == 507; }

// Also when what was sent before is still under way there. A job that is shown has errors of its own that say
// `retryable`, which is no answer to the request.
bool try_later(const Reply& reply) {
    if (try_later(reply.status)) return true;
    if (reply.status < 400) return false;
    const auto problem = parse_json(reply.body());
    if (!problem || !problem->is_object()) return false;
    const auto* retryable = problem->get_object().if_contains("retryable");
    return retryable != nullptr && *retryable == true;
}

}  // namespace

// Everything about a job follows from its number, so that a seed tells the whole storm.
struct StormClients::Order {
    Order(const StormPlan& plan, int number)
        : kind(kinds[static_cast<std::size_t>(number) % kinds.size()]),
          as_form(number % 5 == 0),
          ask_again(as_form),
          before_asking(number * 53 % 300),
          cancel_it(number % 7 == 0),
          before_cancel(number % 2 == 0 ? 0 : number * 37 % 120),
          try_again(plan.retries && number / 7 % 4 < 2),
          follow(plan.follows && number % 6 == 1),
          user(plan.users > 1 ? "customer-" + std::to_string(number % plan.users) : ""),
          picture(disc_png(48, 48, plan.seed + static_cast<std::uint32_t>(number))),
          idempotency_key("storm-" + std::to_string(plan.seed) + "-" + std::to_string(number)) {}
    Kind kind;
    bool as_form;
    bool ask_again;  // as one does who never heard the answer
    Milliseconds before_asking;
    bool cancel_it;
    Milliseconds before_cancel;  // so that some are queued, some running and some done by then
    bool try_again;              // once it was cancelled
    bool follow;
    std::string user;  // empty = the key's own
    std::string picture;
    std::string idempotency_key;
};

StormClients::StormClients(const StormPlan& plan, std::string key) : plan_(plan), key_(std::move(key)) {
    for (int i = 0; i < plan.clients; ++i) threads_.emplace_back([this] { work(); });
}

StormClients::~StormClients() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void StormClients::servers_are_at(std::vector<std::uint16_t> ports) {
    const std::lock_guard lock(mutex_);
    ports_ = std::move(ports);
    changed_.notify_all();
}

void StormClients::allow(int jobs) {
    const std::lock_guard lock(mutex_);
    allowed_ = jobs;
    changed_.notify_all();
}

bool StormClients::wait_until_done(Milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return finished_ == plan_.jobs; });
}

std::map<std::string, MadeJob> StormClients::made() const {
    const std::lock_guard lock(mutex_);
    return made_;
}

std::vector<std::string> StormClients::complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

void StormClients::work() {
    for (int number = 0; next_order(number);) {
        make(Order(plan_, number));
        const std::lock_guard lock(mutex_);
        at_.erase(std::this_thread::get_id());
        ++finished_;
        changed_.notify_all();
    }
}

bool StormClients::next_order(int& number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return over_ || begun_ == plan_.jobs || begun_ < allowed_; });
    if (over_ || begun_ == plan_.jobs) return false;
    number = begun_++;
    return true;
}

void StormClients::make(const Order& order) {
    Reply reply;
    if (!create(order, reply)) return;
    if (reply.status != 201 && reply.status != 200)
        return complain("POST /jobs: " + std::to_string(reply.status) + " " + reply.body());
    const auto job = parse_json(reply.body());
    const auto id = job ? text_at(*job, "/id") : std::string();
    if (id.empty()) return complain("a created job without an id: " + reply.body());
    {
        const std::lock_guard lock(mutex_);
        if (!made_.emplace(id, MadeJob{.type = order.kind.type}).second)
            complaints_.push_back("two requests were given one job: " + id);
    }
    if (order.ask_again) {
        wait(order.before_asking);
        if (!create(order, reply)) return;
        const auto same = parse_json(reply.body());
        if (!same || text_at(*same, "/id") != id)
            complain("asked again for " + id + ": " + std::to_string(reply.status) + " " + reply.body());
    }
    if (order.cancel_it) {
        wait(order.before_cancel);
        if (cancel(id) && order.try_again) try_again(id);
    } else if (order.follow) {
        follow(id);
    }
}

bool StormClients::create(const Order& order, Reply& reply) {
    if (!order.as_form) return create_from_upload(order, reply);
    std::vector<std::pair<std::string, std::string>> fields{{"type", order.kind.type},
                                                            {"params", order.kind.params}};
    if (!order.user.empty()) fields.emplace_back("user_id", order.user);
    const auto form = make_form("storm.png", order.picture, fields);
    return insist("POST", "/api/v1/jobs", form.body,
                  {{"Content-Type", form.content_type}, {"Idempotency-Key", order.idempotency_key}}, reply);
}

bool StormClients::create_from_upload(const Order& order, Reply& reply) {
    const ports::HttpFields json{{"Content-Type", "application/json"}};
    if (!insist("POST", "/api/v1/uploads", "{}", json, reply)) return false;
    const auto ticket = parse_json(reply.body());
    if (reply.status != 201 || !ticket) {
        complain("POST /uploads: " + std::to_string(reply.status) + " " + reply.body());
        return false;
    }
    const auto upload = text_at(*ticket, "/id");
    if (!insist("PUT", target_of(text_at(*ticket, "/url")), order.picture, {}, reply)) return false;
    // The first of two sends may have been taken without an answer.
    const bool sent =
        reply.status == 200 || reply.body().find("upload_already_complete") != std::string::npos;
    if (!sent) {
        complain("PUT of an upload: " + std::to_string(reply.status) + " " + reply.body());
        return false;
    }
    JsonWriter body;
    body.begin_object().member("type", order.kind.type).raw_member("params", order.kind.params);
    if (!order.user.empty()) body.member("user_id", order.user);
    body.key("inputs").begin_array().begin_object().member("upload", upload).end_object().end_array();
    return insist("POST", "/api/v1/jobs", body.end_object().take(),
                  {{"Content-Type", "application/json"}, {"Idempotency-Key", order.idempotency_key}}, reply);
}

bool StormClients::cancel(const std::string& id) {
    Reply reply;
    if (!insist("POST", "/api/v1/jobs/" + id + "/cancel", "{}", {}, reply)) return false;
    const std::lock_guard lock(mutex_);
    if (reply.status == 200) {
        made_[id].cancelled = true;
    } else if (reply.status != 409) {
        complaints_.push_back("cancel: " + std::to_string(reply.status) + " " + reply.body());
    }
    return reply.status == 200;
}

// The second of two sends finds that the first one was heard, and is refused.
void StormClients::try_again(const std::string& id) {
    Reply reply;
    if (!insist("POST", "/api/v1/jobs/" + id + "/retry", "{}", {}, reply)) return;
    const std::lock_guard lock(mutex_);
    if (reply.status == 202 || reply.status == 409) {
        made_[id].tried_again = true;
    } else {
        complaints_.push_back("retry: " + std::to_string(reply.status) + " " + reply.body());
    }
}

// A stream that breaks off is taken up again, at another server, after the last event that was heard.
void StormClients::follow(const std::string& id) {
    int events = 0;
    std::uint16_t port = 0;
    for (bool again = false; wait_for_server(port, again); again = true) {
        now_at("events of " + id + " after number " + std::to_string(events));
        if (read_stream(port, id, events)) break;
    }
    const std::lock_guard lock(mutex_);
    made_[id].followed = events;
}

bool StormClients::read_stream(std::uint16_t port, const std::string& id, int& events) {
    auto stream = follow_events(port, key_, id, events == 0 ? "" : std::to_string(events));
    stream.set_patience(stream_patience);
    const auto head = stream.read_head();
    if (!head || try_later(head->status)) return false;
    if (head->status == 204) return true;  // it had ended with what was heard last
    if (head->status != 200) {
        complain("the events of a job: " + std::to_string(head->status));
        return true;
    }
    for (auto event = next_event(stream); event; event = next_event(stream)) {
        if (event->name == "end") return true;
        if (event->id.empty()) continue;
        if (event->id != std::to_string(++events))
            complain("after " + std::to_string(events - 1) + " events of " + id + " came number " +
                     event->id);
    }
    return false;
}

bool StormClients::insist(std::string_view method, const std::string& target, const std::string& body,
                          const ports::HttpFields& headers, Reply& reply) {
    std::uint16_t port = 0;
    for (bool again = false; wait_for_server(port, again); again = true) {
        ApiClient client(port, key_);
        client.set_patience(request_patience);
        reply = client.call(method, target, body, headers);
        if (!try_later(reply)) return true;
        now_at(std::string(method) + " " + target + ": " + std::to_string(reply.status) + " " + reply.body());
    }
    return false;
}

bool StormClients::wait_for_server(std::uint16_t& port, bool pause) {
    std::unique_lock lock(mutex_);
    if (pause) changed_.wait_for(lock, pause_before_repeat, [&] { return over_; });
    changed_.wait(lock, [&] { return over_ || !ports_.empty(); });
    if (over_) return false;
    port = ports_[turn_++ % ports_.size()];
    return true;
}

void StormClients::wait(Milliseconds pause) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [&] { return over_; });
}

void StormClients::complain(const std::string& what) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(what);
}

void StormClients::now_at(const std::string& what) {
    const std::lock_guard lock(mutex_);
    at_[std::this_thread::get_id()] = what;
}

std::string StormClients::unfinished() const {
    const std::lock_guard lock(mutex_);
    std::string lines = std::to_string(finished_) + " of " + std::to_string(plan_.jobs) + " are through\n";
    for (const auto& [thread, what] : at_) lines += what + "\n";
    return lines;
}

}  // namespace darkroom::e2e
