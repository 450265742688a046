// Sets how many workers one endpoint may have, again and again: looks at what waits, asks ScalePolicy, and
// tells RunPod. Every change is logged with its reason and the last ones are kept for whoever asks. What goes
// wrong is logged once and asked again ever later; jobs go on as RunPod is set meanwhile. A thread of app's
// calls run().
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ports/clock.h"
#include "runpod/scale/health_watch.h"
#include "runpod/scale/management_client.h"
#include "runpod/scale/queue_meter.h"
#include "runpod/scale/scale_policy.h"

namespace darkroom::runpod::scale {

/// nullopt: they cannot be told now. Called on the controller's thread; may ask the store.
using FiguresSource = std::function<std::optional<QueueFigures>()>;

/// A change that was wanted.
struct ScaleRecord {
    TimePoint at{};
    WorkerBounds before;
    WorkerBounds after;
    ScaleReason reason = ScaleReason::none;
    std::string why;
    std::string error;  // RunPod did not do it; empty = it did
};

struct ScaledEndpoint {
    std::string name;  // that the operator gave it
    std::string id;    // RunPod's
};

class ScaleController {
public:
    static constexpr std::size_t decisions_max = 50;

    /// The settings have no problems(). All references must outlive the controller.
    ScaleController(ScaledEndpoint endpoint, const ScaleSettings& settings, ManagementClient& management,
                    HealthWatch& health, FiguresSource figures, const ports::Clock& clock);
    ScaleController(const ScaleController&) = delete;
    ScaleController& operator=(const ScaleController&) = delete;

    /// Until stop(). One thread.
    void run();
    /// Ends run() soon; a call under way is ended by ManagementClient::stop(). Any thread, twice is safe.
    void stop();
    /// Something may wait. Any thread, quick, as often as one likes: rounds keep their distance.
    void wake() { wake_up_->set(); }

    /// When to come again: not before `at_least`, even when woken.
    struct Pause {
        Milliseconds at_least{0};
        Milliseconds at_most{0};
    };
    /// One look and perhaps one change; run() calls it.
    Pause round();

    /// The last ones, oldest first. Any thread.
    std::vector<ScaleRecord> decisions() const;
    /// How the endpoint was set up when last asked. Any thread.
    std::optional<EndpointDescription> description() const;
    /// Why nothing can be changed, for the operator; unset = nothing is known to be wrong. Any thread.
    std::optional<std::string> trouble() const;

private:
    /// False: it went wrong, which is noted.
    bool describe_again();
    bool change(Instant now, const WorkerBounds& before, const ScaleDecision& decision);
    bool is_older_than(Milliseconds age) const;
    WorkerBounds set_there() const;
    void know(const EndpointDescription& description);
    void note(const ScaleRecord& record);
    void failed(const CallError& error, std::string_view what);
    void went_well();
    void wait(const Pause& pause);

    const ScaledEndpoint endpoint_;
    ManagementClient& management_;
    HealthWatch& health_;
    const FiguresSource figures_;
    const ports::Clock& clock_;
    const std::unique_ptr<ports::WakeUp> wake_up_;
    std::atomic<bool> stopping_{false};
    // Of the thread that runs.
    ScalePolicy policy_;
    QueueMeter meter_;
    std::optional<Instant> described_at_;
    int failures_ = 0;  // in a row
    std::optional<CallErrorKind> failure_kind_;
    Milliseconds failure_pause_{0};

    mutable std::mutex mutex_;  // of what follows
    std::deque<ScaleRecord> decisions_;
    std::optional<EndpointDescription> description_;
    std::optional<std::string> trouble_;
};

}  // namespace darkroom::runpod::scale
