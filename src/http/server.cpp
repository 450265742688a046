#include "http/server.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/check.h"
#include "base/log.h"
#include "http/answer_head.h"
#include "http/connection.h"
#include "http/listener.h"

namespace darkroom::http {

class Server::Impl {
public:
    Impl(ServerOptions options, std::vector<ports::HttpRoute> routes, ports::ErrorResponder respond_error);
    ~Impl() { stop(Milliseconds(0)); }

    Result<std::uint16_t, StartFailure> start();
    void stop(Milliseconds grace);
    std::size_t connections() const;

private:
    // Loop thread
    void on_socket(Socket socket, const asio::ip::address& remote);
    void refuse_socket(Socket& socket);
    void on_closed(Connection& connection);
    void sweep_soon();
    void sweep();
    std::vector<std::shared_ptr<Connection>> all_connections() const;
    void run_loop();

    std::optional<StartFailure> prepare_spool_dir() const;

    ServerCore core_;
    Listener listener_;
    Timer sweep_timer_;
    asio::executor_work_guard<Executor> keep_running_;
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
    std::unordered_map<std::string, unsigned> per_address_;
    bool sweeping_ = false;

    mutable std::mutex mutex_;
    std::condition_variable all_closed_;
    std::size_t open_ = 0;  // connections_.size() for other threads
    std::thread loop_;
};

Server::Impl::Impl(ServerOptions options, std::vector<ports::HttpRoute> routes,
                   ports::ErrorResponder respond_error)
    : core_(std::move(options), std::move(routes), std::move(respond_error)),
      listener_(
          core_.io, [this] { return connections_.size() < core_.options.connections_max; },
          [this](Socket socket, const asio::ip::address& remote) { on_socket(std::move(socket), remote); }),
      sweep_timer_(core_.io.get_executor()),
      keep_running_(core_.io.get_executor()) {
    core_.on_closed = [this](Connection& connection) { on_closed(connection); };
}

Result<std::uint16_t, StartFailure> Server::Impl::start() {
    DR_CHECK(!loop_.joinable());
    if (auto failure = prepare_spool_dir()) return Fail(std::move(*failure));
    auto port = listener_.open(core_.options.address, core_.options.port);
    if (!port) return port;
    asio::post(core_.io, [this] { listener_.accept_more(); });
    loop_ = std::thread([this] { run_loop(); });
    return port;
}

std::optional<StartFailure> Server::Impl::prepare_spool_dir() const {
    const auto& folder = core_.options.spool_dir;
    if (folder.empty()) {
        if (!core_.router.spools()) return std::nullopt;
        return StartFailure{StartError::spool_dir, "no spool folder is set, but uploads need one"};
    }
    std::error_code error;
    if (std::filesystem::create_directories(folder, error)) {
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    }
    if (error)
        return StartFailure{StartError::spool_dir, "cannot make " + folder.string() + ": " + error.message()};
    remove_stale_spool_files(folder);
    return std::nullopt;
}

void Server::Impl::run_loop() {
    pthread_setname_np(pthread_self(), "http-loop");
    while (true) {
        try {
            core_.io.run();
            return;
        } catch (const std::exception& error) {
            log::error("the HTTP loop caught an exception and goes on", {{"error", error.what()}});
        }
    }
}

void Server::Impl::stop(Milliseconds grace) {
    if (!loop_.joinable()) return;
    core_.mailbox.post([this] {
        core_.stopping = true;
        listener_.close();
        for (const auto& connection : all_connections()) connection->finish();
    });
    {
        std::unique_lock lock(mutex_);
        all_closed_.wait_for(lock, grace, [this] { return open_ == 0; });
    }
    core_.mailbox.post([this] {
        for (const auto& connection : all_connections()) connection->close();
    });
    core_.stop_pool();
    // Last letter: handlers that just ended have put theirs in before it.
    core_.mailbox.post([this] {
        for (const auto& connection : all_connections()) connection->close();
        sweep_timer_.cancel();
        keep_running_.reset();
    });
    loop_.join();
}

std::size_t Server::Impl::connections() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

void Server::Impl::on_socket(Socket socket, const asio::ip::address& remote) {
    auto address = remote;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    const auto& options = core_.options;
    const auto limit =
        address.is_loopback() ? options.connections_per_loopback_max : options.connections_per_address_max;
    auto text = address.to_string();
    auto& count = per_address_[text];
    if (limit != 0 && count >= limit) return refuse_socket(socket);
    ++count;
    auto connection = std::make_shared<Connection>(core_, std::move(socket), std::move(text));
    connections_.emplace(connection.get(), connection);
    {
        const std::lock_guard lock(mutex_);
        open_ = connections_.size();
    }
    sweep_soon();
    connection->start();
}

// One try without waiting: someone who opens too many connections gets no buffer and no time.
void Server::Impl::refuse_socket(Socket& socket) {
    const auto id = core_.new_request_id();
    auto answer = core_.error_answer(429, "too_many_connections",
                                     "There are too many connections from this address.", id);
    const auto* const text = std::get_if<std::string>(&answer.body);
    const std::string body = text != nullptr ? *text : std::string();
    std::string bytes;
    append_answer_head(bytes, answer.status, answer.headers, {core_.date(), id, body.size(), false, false});
    bytes.append(body);
    IoError ignored;
    socket.write_some(asio::buffer(bytes), ignored);
    socket.shutdown(Socket::shutdown_send, ignored);
}

void Server::Impl::on_closed(Connection& connection) {
    const auto count = per_address_.find(connection.remote_address());
    if (count != per_address_.end() && --count->second == 0) per_address_.erase(count);
    connections_.erase(&connection);
    {
        const std::lock_guard lock(mutex_);
        open_ = connections_.size();
        if (open_ == 0) all_closed_.notify_all();
    }
    listener_.accept_more();
}

// The timer exists only while there are connections: an idle server does not wake up at all.
void Server::Impl::sweep_soon() {
    if (sweeping_ || connections_.empty()) return;
    sweeping_ = true;
    sweep_timer_.expires_after(core_.options.timeouts.sweep);
    sweep_timer_.async_wait([this](const IoError& error) {
        sweeping_ = false;
        if (!error) sweep();
    });
}

void Server::Impl::sweep() {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& connection : all_connections()) connection->sweep(now);
    sweep_soon();
}

// A copy, because what is done to a connection may take it off the list.
std::vector<std::shared_ptr<Connection>> Server::Impl::all_connections() const {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(connections_.size());
    for (const auto& [key, connection] : connections_) all.push_back(connection);
    return all;
}

Server::Server(ServerOptions options, std::vector<ports::HttpRoute> routes,
               ports::ErrorResponder respond_error)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(routes), std::move(respond_error))) {}
Server::~Server() = default;

Result<std::uint16_t, StartFailure> Server::start() { return impl_->start(); }
void Server::stop(Milliseconds grace) { impl_->stop(grace); }
std::size_t Server::connections() const { return impl_->connections(); }

}  // namespace darkroom::http
