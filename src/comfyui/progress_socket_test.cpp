// The socket to a pod against a played ComfyUI, and against one that is written down word by word.
#include "comfyui/progress_socket.h"

#include <thread>
#include <variant>

#include "comfyui/comfy_fixture.h"
#include "http/curl_web_socket.h"
#include "tests/support/manual_clock.h"

namespace darkroom::comfyui {
namespace {

using ports::StepProgress;
using ports::WebSocketError;
using ports::WebSocketFailure;
using ports::WebSocketMessage;

// What each connection brings, in order; the clock goes on by what a wait asks for.
struct Heard {
    Milliseconds after;
    std::variant<WebSocketMessage, WebSocketFailure> what;
};
using Line = std::vector<Heard>;

class ScriptedSockets final : public ports::WebSocketClient {
public:
    ScriptedSockets(testing::ManualClock& clock, std::vector<Line> lines)
        : clock_(clock), lines_(std::move(lines)) {}

    Result<std::unique_ptr<ports::WebSocket>, WebSocketFailure> open(
        const ports::WebSocketRequest& request) override {
        opened_at.push_back(clock_.monotonic());
        last = request;
        if (on_open) on_open();
        if (opened_at.size() > lines_.size()) {
            on_end();
            return Fail(WebSocketFailure{WebSocketError::refused, "the script is over"});
        }
        return std::unique_ptr<ports::WebSocket>(
            std::make_unique<Socket>(clock_, lines_[opened_at.size() - 1]));
    }

    std::vector<Instant> opened_at;
    ports::WebSocketRequest last;
    std::function<void()> on_open;
    std::function<void()> on_end;

private:
    class Socket final : public ports::WebSocket {
    public:
        Socket(testing::ManualClock& clock, Line line) : clock_(clock), line_(std::move(line)) {}
        Result<std::optional<WebSocketMessage>, WebSocketFailure> receive(Milliseconds at_most) override {
            if (next_ == line_.size() || line_[next_].after > at_most) {
                if (next_ < line_.size()) line_[next_].after -= at_most;
                clock_.advance(at_most);
                return std::optional<WebSocketMessage>();
            }
            clock_.advance(line_[next_].after);
            const auto& what = line_[next_++].what;
            if (const auto* failure = std::get_if<WebSocketFailure>(&what)) return Fail(*failure);
            return std::optional(std::get<WebSocketMessage>(what));
        }
        void close(Milliseconds) override {}

    private:
        testing::ManualClock& clock_;
        Line line_;
        std::size_t next_ = 0;
    };

    testing::ManualClock& clock_;
    const std::vector<Line> lines_;
};

// Pauses pass at once.
class HurriedClock final : public ports::Clock {
public:
    explicit HurriedClock(testing::ManualClock& clock) : clock_(clock) {}
    TimePoint now() const override { return clock_.now(); }
    Instant monotonic() const override { return clock_.monotonic(); }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override { return std::make_unique<Hurry>(*this); }
    std::function<void()> on_wait;

private:
    class Hurry final : public ports::WakeUp {
    public:
        explicit Hurry(const HurriedClock& clock) : clock_(clock) {}
        void set() override { set_ = true; }
        bool wait_until(Instant deadline) override {
            if (clock_.on_wait) clock_.on_wait();
            if (std::exchange(set_, false)) return true;
            if (const auto left = deadline - clock_.monotonic(); left > left.zero())
                clock_.clock_.advance(std::chrono::ceil<Milliseconds>(left));
            return false;
        }

    private:
        const HurriedClock& clock_;
        bool set_ = false;
    };
    testing::ManualClock& clock_;
};

class ProgressSocketTest : public ::testing::Test {
protected:
    static ComfySettings settings() {
        ComfySettings settings;
        settings.base_url = "https://pod.example/";
        settings.client_id = "dr-1";
        settings.query = {{"token", "a&b"}};
        settings.headers = {{"X-Login", "c"}};
        return settings;
    }
    /// Runs to the end of the script; the pauses between the connections, in seconds.
    std::vector<std::int64_t> play(std::vector<Line> lines) {
        sockets_.emplace(manual_, std::move(lines));
        ProgressSocket socket(settings(), "desk", *sockets_, progress_, clock_);
        sockets_->on_end = [&] { socket.stop(); };
        socket.run();
        std::vector<std::int64_t> gaps;
        for (std::size_t i = 1; i < sockets_->opened_at.size(); ++i)
            gaps.push_back(
                std::chrono::floor<std::chrono::seconds>(sockets_->opened_at[i] - sockets_->opened_at[i - 1])
                    .count());
        return gaps;
    }
    Heard steps(int value, Milliseconds after = Milliseconds(0)) const {
        return {after, WebSocketMessage{true, R"({"type":"progress","data":{"prompt_id":")" +
                                                  prompt_of(attempt_).str() + R"(","value":)" +
                                                  std::to_string(value) + R"(,"max":20}})"}};
    }
    static Heard fails(WebSocketError kind) { return {Milliseconds(0), WebSocketFailure{kind, "x"}}; }

    testing::ManualClock manual_;
    HurriedClock clock_{manual_};
    testing::SeededRandom random_{12};
    AttemptId attempt_ = random_.id<AttemptId>();
    PromptProgress progress_{clock_};
    std::optional<ScriptedSockets> sockets_;
};

TEST_F(ProgressSocketTest, ItIsAskedForUnderTheNameThatPromptsAreSentUnder) {
    progress_.follow(attempt_, 3);
    play({{steps(7), fails(WebSocketError::lost)}});
    EXPECT_EQ(sockets_->last.url, "wss://pod.example/api/ws?clientId=dr-1&token=a%26b");
    EXPECT_EQ(sockets_->last.headers, (ports::HttpFields{{"X-Login", "c"}}));
    EXPECT_EQ(progress_.progress_of(attempt_), (StepProgress{7, 20}));
}

TEST_F(ProgressSocketTest, WhateverEndsItItComesBackWithGrowingPausesUntilItHearsSomething) {
    progress_.follow(attempt_, 3);
    const auto gaps = play({{fails(WebSocketError::lost)},
                            {fails(WebSocketError::unreadable)},
                            {fails(WebSocketError::too_large)},
                            {steps(1), fails(WebSocketError::lost)},
                            {steps(2), fails(WebSocketError::lost)}});
    EXPECT_EQ(gaps, (std::vector<std::int64_t>{1, 2, 4, 1, 1}));
    EXPECT_EQ(progress_.progress_of(attempt_), (StepProgress{2, 20}));
}

TEST_F(ProgressSocketTest, ASocketThatTheServerHasForgottenIsOpenedAgain) {
    progress_.follow(attempt_, 3);
    const auto gaps = play({{steps(1)}, {steps(2)}});
    ASSERT_EQ(gaps.size(), 2u);
    EXPECT_GE(gaps[0], 60);
    EXPECT_LE(gaps[0], 64);
}

TEST_F(ProgressSocketTest, NoiseIsPassedOver) {
    progress_.follow(attempt_, 3);
    const auto text = [](const std::string& words) {
        return Heard{Milliseconds(0), WebSocketMessage{true, words}};
    };
    const Heard lying_frame{Milliseconds(0),
                            WebSocketMessage{false, std::string("\0\0\0\x04\xff\xff\xff\xff{", 9)}};
    play({{text(""), text("{"), text("[[[[[["), text(std::string(1 << 20, '[')), lying_frame, text("null"),
           text(R"({"type":7,"data":[]})"), text(R"({"type":"progress"})"), steps(9),
           fails(WebSocketError::lost)}});
    EXPECT_EQ(progress_.progress_of(attempt_), (StepProgress{9, 20}));
}

TEST_F(ProgressSocketTest, WithoutPromptsItIsNotThere) {
    ScriptedSockets sockets(manual_, {Line{steps(1)}});
    ProgressSocket socket(settings(), "desk", sockets, progress_, clock_);
    int waits = 0;
    clock_.on_wait = [&] {
        if (++waits == 5) socket.stop();
    };
    socket.run();
    EXPECT_EQ(waits, 5);
    EXPECT_TRUE(sockets.opened_at.empty());
}

TEST_F(ProgressSocketTest, ItLingersAfterTheLastPromptAndComesBackWithTheNext) {
    ScriptedSockets sockets(manual_, {Line{steps(1)}, Line{steps(2)}});
    ProgressSocket socket(settings(), "desk", sockets, progress_, clock_);
    progress_.follow(attempt_, 3);
    sockets.on_open = [&] { progress_.forget(attempt_); };
    const auto begun = manual_.monotonic();
    auto closed = begun;
    clock_.on_wait = [&] {
        if (sockets.opened_at.size() == 2) return socket.stop();
        closed = manual_.monotonic();
        progress_.follow(attempt_, 3);
    };
    socket.run();
    EXPECT_EQ(sockets.opened_at.size(), 2u);
    EXPECT_GE(closed - begun, Milliseconds(15'000));
    EXPECT_LE(closed - begun, Milliseconds(17'000));
}

TEST_F(ComfyTest, ProgressOfAPromptComesOverTheSocketWhilePollingDecides) {
    set(R"("hold":true)");
    const testing::RealClock clock;
    PromptProgress progress(clock);
    http::CurlWebSockets sockets;
    ProgressSocket socket(settings_for(server_.url()), "desk", sockets, progress, clock);
    std::thread thread([&] { socket.run(); });
    const auto attempt = random_.id<AttemptId>();
    progress.follow(attempt, 3);
    const auto id = prompt_of(attempt);
    EXPECT_TRUE(std::holds_alternative<PromptTaken>(client_.submit(id, graph())));
    server_.wait_until_running();
    const auto until = clock.monotonic() + Milliseconds(20'000);
    const auto pause = clock.make_wake_up();
    while (!progress.progress_of(attempt) && clock.monotonic() < until)
        pause->wait_until(clock.monotonic() + Milliseconds(5));
    while (progress.progress_of(attempt)->max != 20 && clock.monotonic() < until)
        pause->wait_until(clock.monotonic() + Milliseconds(5));
    EXPECT_EQ(progress.progress_of(attempt), (StepProgress{7, 20}));
    EXPECT_EQ(phase_of(id), PromptPhase::running);
    socket.stop();
    thread.join();
    set(R"("hold":false)");
    server_.play(R"({"release":1})");
    EXPECT_FALSE(end_of(id).trouble) << "the end is what history says";
}

}  // namespace
}  // namespace darkroom::comfyui
