// A RunPod API that answers what the test says, one answer for each request, and a clock that jumps to the
// end of every wait, so that pauses of minutes take no time and can be measured.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "ports/http_client.h"

namespace darkroom::runpod::testing {

class JumpingClock : public ports::Clock {
public:
    TimePoint now() const override { return from_unix_ms(1'700'000'000'000) + passed(); }
    Instant monotonic() const override { return Instant{} + passed(); }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override {
        return std::make_unique<JumpingWakeUp>(*this);
    }
    void advance(Milliseconds by) {
        const std::lock_guard lock(mutex_);
        passed_ += by;
    }
    Milliseconds passed() const {
        const std::lock_guard lock(mutex_);
        return passed_;
    }

private:
    class JumpingWakeUp : public ports::WakeUp {
    public:
        explicit JumpingWakeUp(const JumpingClock& clock) : clock_(clock) {}
        void set() override {}
        bool wait_until(Instant deadline) override {
            const std::lock_guard lock(clock_.mutex_);
            clock_.passed_ =
                std::max(clock_.passed_, std::chrono::ceil<Milliseconds>(deadline.time_since_epoch()));
            return false;
        }

    private:
        const JumpingClock& clock_;
    };

    mutable std::mutex mutex_;
    mutable Milliseconds passed_{0};
};

using Answer = Result<ports::FetchedAnswer, ports::FetchFailure>;

inline Answer answered(int status, std::string body, ports::HttpFields headers = {}) {
    return ports::FetchedAnswer{status, std::move(headers), std::move(body)};
}
inline Answer broken(ports::FetchError how, std::string detail = "broken by the test") {
    return Fail(ports::FetchFailure{how, std::move(detail)});
}

class ScriptedApi : public ports::HttpClient {
public:
    /// The next answers; the last one is repeated.
    void answers(std::vector<Answer> all) {
        const std::lock_guard lock(mutex_);
        answers_.assign(all.begin(), all.end());
    }
    std::function<void()> before_answer;

    std::vector<ports::OutgoingRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    Answer fetch(const ports::OutgoingRequest& request) override {
        if (before_answer) before_answer();
        auto answer = next(request);
        if (!answer || answer->status >= 300 || !request.on_body) return answer;
        // In pieces, as from a socket.
        for (std::size_t at = 0; at < answer->body.size(); at += 7) {
            if (!request.on_body(std::string_view(answer->body).substr(at, 7)))
                return broken(ports::FetchError::stopped);
        }
        answer->body.clear();
        return answer;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "this API is not pulled"});
    }

private:
    Answer next(const ports::OutgoingRequest& request) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        if (answers_.empty()) return broken(ports::FetchError::unreachable, "the test gave no answer");
        auto answer = answers_.front();
        if (answers_.size() > 1) answers_.pop_front();
        return answer;
    }

    mutable std::mutex mutex_;
    std::deque<Answer> answers_;
    std::vector<ports::OutgoingRequest> requests_;
};

}  // namespace darkroom::runpod::testing
