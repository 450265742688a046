// Darkroom's HTTP server: one loop thread owns every socket, a pool of named threads runs the handlers. It
// keeps the promises of ports/http_message.h, the limits in server_options.h, and DESIGN §6: Content-Length
// only, one Host. What an answer says is not its business: routes and the ErrorResponder come from outside.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/server_options.h"
#include "ports/http_message.h"

namespace darkroom::http {

enum class StartError { bad_address, address_in_use, not_permitted, spool_dir, other };

struct StartFailure {
    StartError kind;
    std::string detail;  // for the operator
};

class Server {
public:
    Server(ServerOptions options, std::vector<ports::HttpRoute> routes, ports::ErrorResponder respond_error);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // stops without grace

    /// Binds, listens and starts the threads; returns the port. Once per object.
    Result<std::uint16_t, StartFailure> start();

    /// Stops accepting, lets requests in flight end for up to `grace`, answers held ones, ends event streams,
    /// closes, joins. A handler that is running is waited for even beyond the grace. Twice is safe; not from
    /// a handler.
    void stop(Milliseconds grace);

    /// Open connections right now. Any thread.
    std::size_t connections() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace darkroom::http
