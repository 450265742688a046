#include "tests/integration/scripted_backend.h"

#include <fstream>

#include "base/check.h"

namespace darkroom::testing {

ScriptedBackend::ScriptedBackend(int inflight_max, std::filesystem::path dir)
    : endpoint_{.backend = "local", .name = "scripted", .inflight_max = inflight_max}, dir_(std::move(dir)) {}

void ScriptedBackend::start(ports::WorkOrder order, ports::AttemptSink& sink) {
    const std::lock_guard lock(mutex_);
    open_.push_back({std::move(order), &sink});
    ++started_;
    changed_.notify_all();
}

void ScriptedBackend::stop_attempt(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    stop_requests_.insert(attempt);
    changed_.notify_all();
}

void ScriptedBackend::shut_down() {
    while (!open_orders().empty()) fail(core::ErrorCode::interrupted);
}

void ScriptedBackend::wait_for_orders(std::size_t count) {
    std::unique_lock lock(mutex_);
    const bool came = changed_.wait_for(lock, std::chrono::seconds(20), [&] { return started_ >= count; });
    DR_CHECK(came);
}

std::vector<ports::WorkOrder> ScriptedBackend::open_orders() const {
    const std::lock_guard lock(mutex_);
    std::vector<ports::WorkOrder> orders;
    for (const auto& open : open_) orders.push_back(open.order);
    return orders;
}

ScriptedBackend::Open ScriptedBackend::take_oldest() {
    const std::lock_guard lock(mutex_);
    DR_CHECK(!open_.empty());
    auto open = std::move(open_.front());
    open_.erase(open_.begin());
    return open;
}

void ScriptedBackend::succeed() {
    const auto open = take_oldest();
    open.sink->attempt_started(open.order.attempt);
    ports::WorkDone done;
    for (const auto* role : {"main", "thumbnail"}) {
        const auto file = dir_ / (open.order.attempt.str() + "." + role);
        std::ofstream(file) << role << " of " << open.order.job.str();
        const auto* type = std::string(role) == "main" ? "image/png" : "image/jpeg";
        done.files.push_back({role, file, type, 64, 48});
    }
    done.execution = Milliseconds(7);
    open.sink->attempt_finished(open.order.attempt, std::move(done));
}

void ScriptedBackend::fail(core::ErrorCode code) {
    const auto open = take_oldest();
    open.sink->attempt_finished(open.order.attempt,
                                Fail(core::JobError{code, std::string(core::traits(code).message)}));
}

void ScriptedBackend::forget() { (void)take_oldest(); }

std::set<AttemptId> ScriptedBackend::stop_requests() const {
    const std::lock_guard lock(mutex_);
    return stop_requests_;
}

}  // namespace darkroom::testing
