// A TCP proxy that does to HTTP/1.1 what bad networks and bad servers do, as a test tells it. It stands
// between a client and a real server (or answers by itself), listens on a free port of the loopback
// interface, and finds where requests begin, so that a fault hits the n-th request and not whatever a pooled
// connection happens to carry.
// Requests need a Content-Length if they have a body; a request is one at a time on a connection.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "tests/support/held_port.h"

namespace darkroom::testing {

/// One request as the proxy saw it.
struct SeenRequest {
    int connection = 0;            // 1, 2, 3 … in the order they were accepted
    int number_on_connection = 0;  // 1, 2, 3 …
    std::string method;
    std::string target;
    std::string head;  // request line and header fields, as sent

    /// First value of a header field, names without case; empty if missing.
    std::string header(std::string_view name) const;
};

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

/// What happens to one request. Everything may be combined; the default is that nothing does.
struct Fault {
    enum class End {
        close,       // FIN
        reset,       // RST
        half_close,  // the client reads an end, the connection stays half open
        hold         // nothing more comes, and nothing ends
    };
    struct Cut {
        std::uint64_t after_bytes = 0;
        End end = End::close;
    };
    std::optional<Cut> cut_request;  // after so many bytes (head and body) have gone on to the server
    /// After so many bytes of the reply, head included. 0: the server has done its work, and not a byte of
    /// its reply arrives.
    std::optional<Cut> cut_reply;
    std::optional<std::uint64_t> flip_request_body_byte;  // its bits are turned over
    std::optional<std::uint64_t> flip_reply_body_byte;
    Milliseconds delay{0};  // before the request goes on, plus up to `jitter`
    Milliseconds jitter{0};
    std::uint64_t request_bytes_per_second = 0;  // 0 = as fast as it comes
    std::uint64_t reply_bytes_per_second = 0;
    bool duplicate = false;  // the server gets it twice; the client sees the first reply
    /// Sent instead of going on to the server, once the whole request is there.
    std::function<std::string(const SeenRequest&)> answer;
    std::optional<End> after_answer;  // else the connection lives on

    static Fault cut_before_reply(End end = End::close);
    static Fault answer_with(int status, const HeaderLines& fields, std::string body);
};

class FaultProxy {
public:
    enum class Door {
        open,
        refuse,  // connections are refused
        hold,    // they are accepted, and nothing is ever read
        reset    // they are accepted and reset
    };
    using When = std::function<bool(const SeenRequest&)>;
    static constexpr int always = -1;

    /// To 127.0.0.1:`upstream_port`; 0 = there is no server, and a request without an answer is cut.
    explicit FaultProxy(std::uint16_t upstream_port = 0);
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;
    /// Ends all connections.
    ~FaultProxy();

    std::uint16_t port() const { return port_.number(); }
    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port()); }

    /// The next `times` requests for which `when` holds get this fault. Of several, the one given first.
    void plan(Fault fault, int times = 1, When when = nullptr);
    /// Forgets all plans.
    void behave();
    /// For connections to come; those there are stay.
    void set_door(Door door);

    std::vector<SeenRequest> requests() const;
    int count(std::string_view method, std::string_view in_target = "") const;
    int connections() const;
    /// Bytes that went on to the server and that came back to clients.
    std::uint64_t bytes_up() const;
    std::uint64_t bytes_down() const;

    struct State;  // shared with the connections' threads

private:
    void listen();
    void accept_all();
    void turn_door();

    std::unique_ptr<State> state_;
    HeldPort port_;  // also while its door refuses
    UniqueFd listener_;
    std::thread accepting_;
};

/// For plan(): requests of this method whose target contains `in_target`; an empty method is any.
FaultProxy::When on(std::string method, std::string in_target = "");

}  // namespace darkroom::testing
