#include "tests/support/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <list>

#include "base/check.h"
#include "tests/support/fault_proxy_state.h"

namespace darkroom::testing {
namespace {

void ring(const UniqueFd& event) { DR_CHECK(::eventfd_write(event.get(), 1) == 0); }

void close_with_reset(UniqueFd socket) {
    const linger at_once{1, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

std::string SeenRequest::header(std::string_view name) const {
    for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
        const auto line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        const auto colon = line.find(':');
        if (colon != name.size() || ::strncasecmp(line.data(), name.data(), colon) != 0) continue;
        const auto begin = line.find_first_not_of(' ', colon + 1);
        return begin == std::string_view::npos ? "" : std::string(line.substr(begin));
    }
    return "";
}

Fault Fault::cut_before_reply(End end) {
    Fault fault;
    fault.cut_reply = Cut{0, end};
    return fault;
}

Fault Fault::answer_with(int status, const HeaderLines& fields, std::string body) {
    std::string text = "HTTP/1.1 " + std::to_string(status) + " As Planned\r\n";
    bool has_length = false;
    for (const auto& [name, value] : fields) {
        text.append(name).append(": ").append(value).append("\r\n");
        has_length = has_length || ::strcasecmp(name.c_str(), "content-length") == 0;
    }
    if (!has_length) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    Fault fault;
    fault.answer = [text = text + "\r\n", body = std::move(body)](const SeenRequest& request) {
        return request.method == "HEAD" ? text : text + body;
    };
    return fault;
}

Fault FaultProxy::State::fault_for(const SeenRequest& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    for (auto& plan : plans) {
        if (plan.times_left == 0 || (plan.when && !plan.when(request))) continue;
        if (plan.times_left > 0) --plan.times_left;
        return plan.fault;
    }
    return {};
}

FaultProxy::FaultProxy(std::uint16_t upstream_port) : state_(std::make_unique<State>()) {
    state_->upstream_port = upstream_port;
    state_->stop.reset(::eventfd(0, EFD_CLOEXEC));
    state_->door_moved.reset(::eventfd(0, EFD_CLOEXEC));
    listen();
    accepting_ = std::thread([this] { accept_all(); });
}

FaultProxy::~FaultProxy() {
    ring(state_->stop);
    accepting_.join();
}

void FaultProxy::listen() {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port());
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    DR_CHECK(::bind(listener_.get(), raw, sizeof address) == 0);
    DR_CHECK(::listen(listener_.get(), 256) == 0);
}

void FaultProxy::accept_all() {
    std::vector<UniqueFd> held;
    std::list<std::thread> serving;
    for (;;) {
        pollfd ready[] = {{state_->stop.get(), POLLIN, 0},
                          {state_->door_moved.get(), POLLIN, 0},
                          {listener_.get(), POLLIN, 0}};  // a negative descriptor is never ready
        if (::poll(ready, 3, -1) < 0) continue;
        if (ready[0].revents != 0) break;
        if (ready[1].revents != 0) turn_door();
        if (!listener_ || (ready[2].revents & POLLIN) == 0) continue;
        UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!client) continue;
        std::unique_lock lock(state_->mutex);
        const int number = ++state_->connections;
        const auto door = state_->door;
        lock.unlock();
        if (door == Door::hold) {
            held.push_back(std::move(client));
        } else if (door == Door::reset) {
            close_with_reset(std::move(client));
        } else {
            serving.emplace_back([state = state_.get(), number, socket = std::move(client)]() mutable {
                serve_faulty_connection(*state, std::move(socket), number);
            });
        }
    }
    for (auto& thread : serving) thread.join();
}

void FaultProxy::turn_door() {
    eventfd_t ignored = 0;
    ::eventfd_read(state_->door_moved.get(), &ignored);
    const std::lock_guard lock(state_->mutex);
    if (state_->door_wanted == Door::refuse) {
        listener_.reset();
    } else if (!listener_) {
        listen();
    }
    state_->door = state_->door_wanted;
    state_->door_is_set.notify_all();
}

void FaultProxy::set_door(Door door) {
    std::unique_lock lock(state_->mutex);
    state_->door_wanted = door;
    ring(state_->door_moved);
    state_->door_is_set.wait(lock, [&] { return state_->door == door; });
}

void FaultProxy::plan(Fault fault, int times, When when) {
    const std::lock_guard lock(state_->mutex);
    state_->plans.push_back({std::move(fault), times, std::move(when)});
}

void FaultProxy::behave() {
    const std::lock_guard lock(state_->mutex);
    state_->plans.clear();
}

std::vector<SeenRequest> FaultProxy::requests() const {
    const std::lock_guard lock(state_->mutex);
    return state_->seen;
}

int FaultProxy::count(std::string_view method, std::string_view in_target) const {
    const auto wanted = on(std::string(method), std::string(in_target));
    int count = 0;
    for (const auto& request : requests()) count += wanted(request) ? 1 : 0;
    return count;
}

int FaultProxy::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->connections;
}

std::uint64_t FaultProxy::bytes_up() const { return state_->bytes_up; }
std::uint64_t FaultProxy::bytes_down() const { return state_->bytes_down; }

FaultProxy::When on(std::string method, std::string in_target) {
    return [method = std::move(method), in_target = std::move(in_target)](const SeenRequest& request) {
        return (method.empty() || request.method == method) &&
               request.target.find(in_target) != std::string::npos;
    };
}

}  // namespace darkroom::testing
