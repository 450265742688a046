// Requests to one gateway: the key, JSON in and out, problem documents, and repeats when nothing was lost by
// repeating.
#pragma once
#include <atomic>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/problem_text.h"
#include "cli/retry_policy.h"
#include "cli/stop.h"
#include "ports/http_client.h"
#include "ports/random.h"

namespace darkroom::cli {

struct Server {
    std::string url;                     // without a slash at the end
    std::optional<std::string> api_key;  // goes into headers of requests to `url`, nowhere else
};

struct CallFailure {
    enum class Kind { refused, unreachable, not_understood, stopped };
    Kind kind = Kind::unreachable;
    ServerProblem problem;    // of refused
    std::string detail;       // for people, of the others
    bool by_storage = false;  // of refused: a signed link led to a storage that is not the gateway

    std::string sentence() const;
    ExitCode exit_code() const;
};

struct Call {
    ports::HttpMethod method = ports::HttpMethod::get;
    std::string path;  // "/api/v1/…", with query
    std::string body;  // JSON; empty = none
    ports::HttpFields headers;
    Milliseconds timeout{30'000};
    /// May it be sent again although the first one may have been received? Reading may, and what has an
    /// idempotency key.
    bool repeat_is_safe = true;
};

/// Any thread. What it waits for ends early when `stop` is asked.
class GatewayClient {
public:
    GatewayClient(ports::HttpClient& http, ports::Clock& clock, ports::Random& random, Stop& stop,
                  Server server, RetryPolicy policy, std::function<void(const std::string&)> tell_trouble);

    const std::string& url() const { return server_.url; }
    ports::Random& random() { return random_; }
    Stop& stop() { return stop_; }

    /// The JSON document of a 2xx answer.
    Result<boost::json::value, CallFailure> call(const Call& call);

    struct Put {
        std::string url;  // as the gateway gave it
        ports::HttpFields headers;
        std::filesystem::path file;
        std::uint64_t bytes = 0;
        std::function<void(std::uint64_t sent)> on_progress;
    };
    /// Sends a file once, without the key: the URL is signed.
    Result<void, CallFailure> put_file(const Put& put);
    /// Fetches a link of an answer once, without the key. `on_piece` returns false to give up.
    Result<void, CallFailure> download(const std::string& link, std::uint64_t bytes,
                                       const std::function<bool(std::string_view)>& on_piece);

    /// The pause before another try, or nothing when it is time to give up. `tries` counts those that failed.
    std::optional<Milliseconds> pause_before_repeat(int tries, Milliseconds since_first,
                                                    std::optional<Milliseconds> asked);

private:
    Result<ports::FetchedAnswer, CallFailure> fetch_repeatedly(const Call& call,
                                                               const ports::OutgoingRequest& request);
    ports::OutgoingRequest request_for(const Call& call) const;

    ports::HttpClient& http_;
    ports::Clock& clock_;
    ports::Random& random_;
    Stop& stop_;
    const Server server_;
    const RetryPolicy policy_;
    const std::function<void(const std::string&)> tell_trouble_;
    std::atomic<bool> has_answered_{false};
    std::atomic<bool> told_trouble_{false};
};

}  // namespace darkroom::cli
