#include "http/held_answer_run.h"

#include "base/log.h"

namespace darkroom::http {
namespace {

std::optional<ports::HttpResponse> render_safely(const ServerCore& core, const ports::HeldAnswer& held,
                                                 const std::string& request_id, bool last) {
    try {
        auto answer = held.render(last);
        if (answer || !last) return answer;
        log::error("a held answer had nothing to say at its deadline");
    } catch (const std::exception& error) {
        log::error("a held answer threw", {{"error", error.what()}});
    } catch (...) {
        log::error("a held answer threw");
    }
    return core.error_answer(500, "internal", "Something went wrong inside Darkroom.", request_id);
}

}  // namespace

HeldAnswerRun::HeldAnswerRun(ServerCore& core, ports::HeldAnswer held, std::string request_id, Answer answer)
    : core_(core),
      held_(std::move(held)),
      request_id_(std::move(request_id)),
      answer_(std::move(answer)),
      deadline_(core.io.get_executor()) {}

void HeldAnswerRun::start() {
    waker_ = std::make_shared<Waker>(core_.mailbox, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->on_wake();
    });
    try {
        if (held_.subscribe) subscription_ = held_.subscribe(waker_->callback());
    } catch (const std::exception& error) {
        log::error("a held answer could not subscribe", {{"error", error.what()}});
        due_ = true;
    }
    deadline_.expires_after(held_.wait_at_most);
    deadline_.async_wait([weak = weak_from_this()](const IoError& error) {
        const auto self = weak.lock();
        if (!error && self) self->finish_now();
    });
    render(due_ || held_.wait_at_most <= Milliseconds(0) || core_.stopping);
}

void HeldAnswerRun::finish_now() {
    due_ = true;
    if (state_ == State::waiting) render(true);
}

void HeldAnswerRun::cancel() {
    state_ = State::ended;
    answer_ = nullptr;
    deadline_.cancel();
    if (waker_) waker_->cancel();
    subscription_.reset();
}

void HeldAnswerRun::on_wake() {
    if (state_ == State::waiting) {
        render(false);
    } else {
        woken_ = true;
    }
}

void HeldAnswerRun::render(bool last) {
    state_ = State::rendering;
    woken_ = false;
    const auto self = shared_from_this();
    core_.run_on_pool(
        [self, last] { self->rendered_ = render_safely(self->core_, self->held_, self->request_id_, last); },
        [self] { self->on_rendered(); });
}

void HeldAnswerRun::on_rendered() {
    if (state_ == State::ended) return;
    if (rendered_) {
        const auto answer = std::move(answer_);
        auto response = std::move(*rendered_);
        cancel();
        return answer(std::move(response));
    }
    if (due_ || woken_) return render(due_);
    state_ = State::waiting;
}

}  // namespace darkroom::http
