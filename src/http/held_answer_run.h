// One held answer (Prefer: wait): asks for the answer at once, after each wake-up and at the deadline, and
// hands the first one over. Never holds a thread while it waits. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/server_core.h"

namespace darkroom::http {

class HeldAnswerRun : public std::enable_shared_from_this<HeldAnswerRun> {
public:
    using Answer = std::function<void(ports::HttpResponse response)>;

    HeldAnswerRun(ServerCore& core, ports::HeldAnswer held, std::string request_id, Answer answer);

    void start();
    /// The deadline is now.
    void finish_now();
    /// Ends the subscription; `answer` is not called again.
    void cancel();

private:
    enum class State { waiting, rendering, ended };

    void on_wake();
    void render(bool last);
    void on_rendered();

    ServerCore& core_;
    ports::HeldAnswer held_;
    std::string request_id_;
    Answer answer_;
    State state_ = State::waiting;
    bool woken_ = false;
    bool due_ = false;
    std::optional<ports::HttpResponse> rendered_;  // handed from the pool to the loop
    Timer deadline_;
    std::shared_ptr<Waker> waker_;
    std::unique_ptr<ports::Subscription> subscription_;
};

}  // namespace darkroom::http
