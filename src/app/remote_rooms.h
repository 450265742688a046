// Everything that only a gateway with remote endpoints has: the way out to them and the way back, with their
// threads, over the RunPod endpoints and the ComfyUI pods that there are. A gateway without any makes none of
// it and stays as small as it was.
#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/endpoint_probe.h"
#include "app/picture_pool.h"
#include "app/pod_sites.h"
#include "app/remote_surroundings.h"
#include "app/runpod_rooms.h"
#include "dispatch/follower.h"
#include "dispatch/remote_lane.h"
#include "dispatch/submitter.h"
#include "http/curl_web_socket.h"

namespace darkroom::app {

class RemoteRooms {
public:
    /// Whether a gateway with these settings, and with remote jobs open at `left`, needs the rooms at all.
    static bool are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left);

    /// `left` as above. The dispatcher fills the endpoints from here on. The error is a sentence.
    static Result<std::unique_ptr<RemoteRooms>, std::string> open(
        const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left);
    /// As stop().
    ~RemoteRooms();
    RemoteRooms(const RemoteRooms&) = delete;
    RemoteRooms& operator=(const RemoteRooms&) = delete;

    /// The routes refer to this object, which must outlive the server. A pod calls nobody: only RunPod has
    /// some.
    std::vector<ports::HttpRoute> routes();
    /// Starts the threads, once.
    void start();
    /// Ends them: submits under way are waited for, everything else is cut short and goes on at the next
    /// start. After the dispatcher's stop(); twice is safe.
    void stop();

    // Any thread, quick.
    void remote_work_due() { follower_.wake(); }
    void jobs_ready();

    std::vector<ports::ObjectStore*> own_volumes() const;
    /// Those that get work.
    const std::vector<ports::RemoteBackend*>& endpoints() const { return for_dispatch_.active(); }
    /// nullptr where nothing tells any progress.
    const ports::ProgressBoard* progress() const { return pods_.get(); }

private:
    RemoteRooms(const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left);
    dispatch::SubmitterSettings submitter_settings() const;
    dispatch::FollowerSettings follower_settings() const;
    dispatch::RemoteLaneParts lane_parts();
    dispatch::RemoteSites sites() const;
    std::vector<ProbedEndpoint> probed() const;

    // In the order in which they need each other.
    const RemoteSurroundings around_;
    PicturePool pictures_;
    http::CurlWebSockets sockets_;
    std::unique_ptr<RunpodRooms> runpod_;  // either may be empty
    std::unique_ptr<PodSites> pods_;
    const dispatch::RemoteSites for_dispatch_;
    dispatch::Submitter submitter_;
    dispatch::Follower follower_;
    dispatch::RemoteLane lane_;
    EndpointProbe probe_;
    std::vector<std::thread> senders_;
    std::vector<std::thread> others_;
};

}  // namespace darkroom::app
