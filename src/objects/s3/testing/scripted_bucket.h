// A server that answers what the test has written down, in that order, and a clock that jumps to the end of
// each wait. What was asked and how long was waited is kept.
#pragma once
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "objects/s3/s3_settings.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"

namespace darkroom::objects {

/// One answer, or a failure instead of it.
struct Reply {
    int status = 200;
    ports::HttpFields headers;
    std::string body;
    std::size_t cut_after = std::numeric_limits<std::size_t>::max();  // of a body that is pulled
    std::optional<ports::FetchFailure> failure = std::nullopt;
};

Reply error_reply(int status, const std::string& code, const std::string& more = "");
Reply no_reply(ports::FetchError kind = ports::FetchError::interrupted);

class ScriptedHttp : public ports::HttpClient {
public:
    void add(Reply reply) { replies_.push_back(std::move(reply)); }
    /// For what the script does not say; without it that is a failure of the test. Called by several threads
    /// at once, if the store asks so.
    std::function<Reply(const ports::OutgoingRequest&)> otherwise;
    /// Called before each answer of the script.
    std::function<void()> before_answer;

    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override;
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest& request) override;

    const std::vector<ports::OutgoingRequest>& requests() const { return requests_; }
    bool is_done() const { return replies_.empty(); }

private:
    Reply next(const ports::OutgoingRequest& request);

    std::mutex mutex_;
    std::deque<Reply> replies_;
    std::vector<ports::OutgoingRequest> requests_;
};

class JumpingClock : public ports::Clock {
public:
    TimePoint now() const override { return now_; }
    Instant monotonic() const override { return monotonic_; }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;

    void pass(Milliseconds time) const;
    const std::vector<Milliseconds>& waits() const { return waits_; }

private:
    class Jump;
    mutable TimePoint now_ = from_unix_ms(1'767'323'045'000);  // 2026-01-02T03:04:05Z
    mutable Instant monotonic_{std::chrono::hours(1)};
    mutable std::vector<Milliseconds> waits_;
};

/// The same pauses in every run.
class RepeatedChance : public ports::Random {
public:
    void fill(std::span<std::uint8_t> bytes) override {
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
    }

private:
    std::mt19937_64 engine_{5};
};

/// The first value of a header field; empty if there is none.
std::string field(const ports::OutgoingRequest& request, std::string_view name);

/// Of a bucket at an endpoint of its own, with small parts.
S3Settings scripted_settings();

}  // namespace darkroom::objects
