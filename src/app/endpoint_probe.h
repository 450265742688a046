// Asks endpoints that are paused, or rest after failures, whether they are well again: nobody sends them
// anything meanwhile, so nobody else would find out.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "ports/clock.h"
#include "ports/remote_backend.h"

namespace darkroom::app {

struct ProbedEndpoint {
    const ports::RemoteBackend* backend;
    std::function<void()> probe;  // decides itself how often it really asks
};

class EndpointProbe {
public:
    /// `recovered` is called when one is well again.
    EndpointProbe(std::vector<ProbedEndpoint> endpoints, const ports::Clock& clock,
                  std::function<void()> recovered)
        : endpoints_(std::move(endpoints)),
          clock_(clock),
          recovered_(std::move(recovered)),
          wake_up_(clock.make_wake_up()) {}

    /// Until stop(); the thread that calls it is the probe's.
    void run() {
        while (!stopping_) {
            for (const auto& endpoint : endpoints_) look(endpoint);
            wake_up_->wait_until(clock_.monotonic() + period);
        }
    }
    /// Any thread. A call under way is ended by the backend's own stop().
    void stop() {
        stopping_ = true;
        wake_up_->set();
    }

private:
    static constexpr Milliseconds period{5'000};

    void look(const ProbedEndpoint& endpoint) {
        if (stopping_ || !endpoint.backend->trouble()) return;
        endpoint.probe();
        if (!endpoint.backend->trouble()) recovered_();
    }

    std::vector<ProbedEndpoint> endpoints_;
    const ports::Clock& clock_;
    std::function<void()> recovered_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    std::atomic<bool> stopping_{false};
};

}  // namespace darkroom::app
