// What a gateway has for RunPod alone: its endpoints, the spend cap over what they cost, the webhooks by
// which RunPod and its workers speak, and the scaling of workers, with its threads.
#pragma once
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "app/remote_surroundings.h"
#include "app/runpod_sites.h"
#include "dispatch/spend_cap.h"
#include "runpod/scale/management_client.h"
#include "runpod/scale/scale_controller.h"
#include "webhooks/webhooks.h"

namespace darkroom::app {

class RunpodRooms {
public:
    /// Whether these settings, or jobs that an earlier configuration left at RunPod, need the rooms. Says so
    /// in the log where jobs were left that nobody can look after.
    static bool are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left);

    RunpodRooms(const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left);
    /// As stop().
    ~RunpodRooms();
    RunpodRooms(const RunpodRooms&) = delete;
    RunpodRooms& operator=(const RunpodRooms&) = delete;

    const RunpodSites& sites() const { return sites_; }
    /// None if there is no cap.
    dispatch::SpendCap* spend_cap() const { return spend_cap_.get(); }
    /// They refer to this object, which must outlive the server.
    std::vector<ports::HttpRoute> routes() { return webhooks_.routes(); }

    /// Starts the threads, once.
    void start();
    /// Ends them; twice is safe.
    void stop();
    /// Any thread, quick.
    void jobs_ready();

private:
    void build_scaling();
    std::optional<runpod::scale::QueueFigures> figures_of(const RunpodEndpoint& endpoint) const;

    const RemoteSurroundings around_;
    RunpodSites sites_;
    std::unique_ptr<dispatch::SpendCap> spend_cap_;
    webhooks::Webhooks webhooks_;
    std::unique_ptr<runpod::scale::ManagementClient> management_;
    std::vector<std::unique_ptr<runpod::scale::ScaleController>> controllers_;
    std::vector<std::thread> threads_;
};

}  // namespace darkroom::app
