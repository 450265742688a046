// A backend whose work ends when and how the test says.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "ports/backend.h"

namespace darkroom::testing {

class ScriptedBackend : public ports::Backend {
public:
    ScriptedBackend(int inflight_max, std::filesystem::path dir);

    const ports::EndpointInfo& endpoint() const override { return endpoint_; }
    void start(ports::WorkOrder order, ports::AttemptSink& sink) override;
    void stop_attempt(const AttemptId& attempt) override;
    void shut_down() override;

    /// Blocks until `count` orders have been started in all, open ones or ended.
    void wait_for_orders(std::size_t count);
    std::vector<ports::WorkOrder> open_orders() const;

    /// Ends the oldest open order, in the calling thread as a runner would.
    void succeed();
    void fail(core::ErrorCode code);
    /// As a process that dies with everything it knew: nothing is reported.
    void forget();

    std::set<AttemptId> stop_requests() const;

private:
    struct Open {
        ports::WorkOrder order;
        ports::AttemptSink* sink;
    };
    Open take_oldest();

    ports::EndpointInfo endpoint_;
    std::filesystem::path dir_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Open> open_;
    std::size_t started_ = 0;
    std::set<AttemptId> stop_requests_;
};

}  // namespace darkroom::testing
