// What all connections of one server share: options, routes, loop, mailbox, pool, one read buffer, the date.
// Everything but mailbox and pool belongs to the loop thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/asio.h"
#include "http/handler_pool.h"
#include "http/mailbox.h"
#include "http/router.h"
#include "http/server_options.h"

namespace darkroom::http {

class Connection;

class ServerCore {
public:
    ServerCore(ServerOptions server_options, std::vector<ports::HttpRoute> routes,
               ports::ErrorResponder responder);

    /// Runs `work` on a pool thread, then `then` on the loop. Neither may throw.
    void run_on_pool(std::function<void()> work, std::function<void()> then);

    /// Waits for handlers that are running; what is queued is dropped. Afterwards run_on_pool() does nothing.
    void stop_pool() { pool_.stop(); }

    /// An answer of the server's own. Any thread; never throws.
    ports::HttpResponse error_answer(int status, std::string_view code, std::string_view detail,
                                     const std::string& request_id) const;

    /// The Date field of this second.
    const std::string& date();
    /// Unique over processes and restarts, but not secret.
    std::string new_request_id();

    const ServerOptions options;
    const Router router;
    asio::io_context io{1};
    Mailbox mailbox{io};
    /// What was just read; empty again when a callback returns. Large, so that uploads reach their file in
    /// few large pieces; not zeroed, so that it costs no memory until somebody uploads.
    static constexpr std::size_t scratch_bytes = 262'144;
    const std::unique_ptr<char[]> scratch = std::make_unique_for_overwrite<char[]>(scratch_bytes);
    std::function<void(Connection&)> on_closed;  // set by the server
    bool stopping = false;

private:
    const ports::ErrorResponder respond_error_;
    std::time_t date_second_ = -1;
    std::string date_;
    std::uint64_t request_id_ = 0;
    HandlerPool pool_;  // last, so that its threads end before what they use
};

}  // namespace darkroom::http
