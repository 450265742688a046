// Everything that only a gateway with remote endpoints has: the way out to RunPod, the way back, its webhooks
// and its scaling, with their threads. A gateway without them makes none of it and stays as small as it was.
#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/endpoint_probe.h"
#include "app/picture_pool.h"
#include "app/runpod_sites.h"
#include "app/settings.h"
#include "dispatch/dispatcher.h"
#include "dispatch/follower.h"
#include "dispatch/remote_lane.h"
#include "dispatch/spend_cap.h"
#include "dispatch/submitter.h"
#include "imaging/pool/process_pool.h"
#include "runpod/scale/management_client.h"
#include "runpod/scale/scale_controller.h"
#include "webhooks/webhooks.h"

namespace darkroom::app {

/// What the rest of the gateway lends. All of it outlives the rooms.
struct RemoteSurroundings {
    const Settings& settings;
    ports::JobStore& jobs;
    ports::RemoteJobStore& remote_jobs;
    Storage& storage;
    ports::ObjectStore& objects;  // the main store as requests see it
    ports::HttpClient& http;
    const ports::Clock& clock;
    ports::Random& random;
    imaging::ProcessPool& pixels;
    dispatch::Dispatcher& dispatcher;
    std::string signing_secret;
    std::string public_url;
};

class RemoteRooms {
public:
    /// Whether a gateway with these settings, and with remote jobs open at `left`, needs the rooms at all.
    /// Says so in the log where jobs were left that nobody can look after.
    static bool are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left);

    /// `left` as above. The dispatcher fills the endpoints from here on. The error is a sentence.
    static Result<std::unique_ptr<RemoteRooms>, std::string> open(
        const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left);
    /// As stop().
    ~RemoteRooms();
    RemoteRooms(const RemoteRooms&) = delete;
    RemoteRooms& operator=(const RemoteRooms&) = delete;

    /// The routes refer to this object, which must outlive the server.
    std::vector<ports::HttpRoute> routes() { return webhooks_.routes(); }
    /// Starts the threads, once.
    void start();
    /// Ends them: submits under way are waited for, everything else is cut short and goes on at the next
    /// start. After the dispatcher's stop(); twice is safe.
    void stop();

    // Any thread, quick.
    void remote_work_due() { follower_.wake(); }
    void jobs_ready();

    std::vector<ports::ObjectStore*> own_volumes() const { return sites_.own_volumes(); }

private:
    RemoteRooms(const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left);
    dispatch::SubmitterSettings submitter_settings() const;
    dispatch::FollowerSettings follower_settings() const;
    dispatch::RemoteLaneParts lane_parts();
    void build_scaling();
    std::optional<runpod::scale::QueueFigures> figures_of(const RunpodEndpoint& endpoint) const;

    // In the order in which they need each other.
    const RemoteSurroundings around_;
    PicturePool pictures_;
    RunpodSites sites_;
    const dispatch::RemoteSites for_dispatch_;
    std::unique_ptr<dispatch::SpendCap> spend_cap_;
    dispatch::Submitter submitter_;
    dispatch::Follower follower_;
    dispatch::RemoteLane lane_;
    webhooks::Webhooks webhooks_;
    EndpointProbe probe_;
    std::unique_ptr<runpod::scale::ManagementClient> management_;
    std::vector<std::unique_ptr<runpod::scale::ScaleController>> controllers_;
    std::vector<std::thread> senders_;
    std::vector<std::thread> others_;
};

}  // namespace darkroom::app
