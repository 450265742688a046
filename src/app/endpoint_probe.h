// Asks endpoints that are paused, or rest after failures, whether they are well again: nobody sends them
// anything meanwhile, so nobody else would find out.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "ports/clock.h"
#include "runpod/backend/serverless_backend.h"

namespace darkroom::app {

class EndpointProbe {
public:
    /// The backends decide how often they are really asked. `recovered` is called when one is well again.
    EndpointProbe(std::vector<runpod::ServerlessBackend*> backends, const ports::Clock& clock,
                  std::function<void()> recovered)
        : backends_(std::move(backends)),
          clock_(clock),
          recovered_(std::move(recovered)),
          wake_up_(clock.make_wake_up()) {}

    /// Until stop(); the thread that calls it is the probe's.
    void run() {
        while (!stopping_) {
            for (auto* backend : backends_) look(*backend);
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

    void look(runpod::ServerlessBackend& backend) {
        if (stopping_ || !backend.trouble()) return;
        backend.probe();
        if (!backend.trouble()) recovered_();
    }

    std::vector<runpod::ServerlessBackend*> backends_;
    const ports::Clock& clock_;
    std::function<void()> recovered_;
    std::unique_ptr<ports::WakeUp> wake_up_;
    std::atomic<bool> stopping_{false};
};

}  // namespace darkroom::app
