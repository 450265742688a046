#include "app/remote_rooms.h"

#include <algorithm>
#include <filesystem>

#include "app/named_thread.h"
#include "base/digest.h"

namespace darkroom::app {
namespace {

// A worker keeps to the limit; the endpoint allows it half a minute more, and its answers may be late.
constexpr Milliseconds beyond_the_limit{90'000};

constexpr int submitters = 4;
constexpr int followers = 8;

// A pod sends what happens to everybody who listens under one name: it must be this gateway's alone, and the
// same after a restart.
std::string client_name(const std::string& signing_secret) {
    constexpr std::size_t digits = 16;
    return "dr-" + to_hex(sha256("comfyui client " + signing_secret)).substr(0, digits);
}

std::unique_ptr<RunpodRooms> make_runpod(const RemoteSurroundings& around,
                                         const std::vector<ports::RemoteTarget>& left) {
    if (!RunpodRooms::are_needed(around.settings, left)) return nullptr;
    return std::make_unique<RunpodRooms>(around, left);
}

std::unique_ptr<PodSites> make_pods(const RemoteSurroundings& around,
                                    const std::vector<ports::RemoteTarget>& left,
                                    ports::WebSocketClient& sockets) {
    if (!PodSites::are_needed(around.settings.pods, left)) return nullptr;
    return std::make_unique<PodSites>(around.settings.pods, left,
                                      PodSurroundings{.main = around.objects,
                                                      .http = around.http,
                                                      .clock = around.clock,
                                                      .graphs = around.graphs,
                                                      .sockets = sockets,
                                                      .meters = around.meters,
                                                      .client_name = client_name(around.signing_secret)});
}

std::filesystem::path fetched_dir(const Settings& settings) {
    return settings.data_dir / "incoming" / "results";
}

}  // namespace

bool RemoteRooms::are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left) {
    // Both are asked: each says what it cannot look after.
    const bool runpod = RunpodRooms::are_needed(settings, left);
    return PodSites::are_needed(settings.pods, left) || runpod;
}

Result<std::unique_ptr<RemoteRooms>, std::string> RemoteRooms::open(
    const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left) {
    // What a process that was killed had fetched is fetched again.
    const auto folder = fetched_dir(around.settings);
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    std::filesystem::create_directories(folder, error);
    if (error) return Fail("The folder " + folder.string() + " cannot be made: " + error.message() + ".");
    return std::unique_ptr<RemoteRooms>(new RemoteRooms(around, left));
}

RemoteRooms::RemoteRooms(const RemoteSurroundings& around, const std::vector<ports::RemoteTarget>& left)
    : around_(around),
      pictures_(around.pixels, around.clock),
      runpod_(make_runpod(around, left)),
      pods_(make_pods(around, left, sockets_)),
      for_dispatch_(sites()),
      submitter_(around.jobs, around.remote_jobs, for_dispatch_, around.dispatcher.collector(), around.clock,
                 submitter_settings(),
                 {.slot_freed = [this] { around_.dispatcher.wake(); },
                  .look_changed = [this] { follower_.wake(); }}),
      follower_(
          around.jobs, around.remote_jobs, for_dispatch_, around.dispatcher.collector(), pictures_,
          around.clock, around.random, follower_settings(),
          {.submit_again = [this](const auto& job,
                                  const auto& unclear) { return submitter_.submit_again(job, unclear); },
           .first_pass = [this] { around_.dispatcher.wake(); }}),
      lane_(lane_parts()),
      probe_(probed(), around.clock, [this] { around_.dispatcher.wake(); }) {
    around.dispatcher.use_remote(lane_);
}

RemoteRooms::~RemoteRooms() { stop(); }

dispatch::SubmitterSettings RemoteRooms::submitter_settings() const {
    dispatch::SubmitterSettings settings;
    settings.signing_secret = around_.signing_secret;
    settings.time_limit = around_.settings.run_timeout;
    settings.limit_of_recipe = [&graphs = around_.graphs](const core::Attempt& attempt) {
        return graphs.time_limit_of(attempt.recipe_digest);
    };
    settings.nodes = around_.nodes;
    settings.queue_budget = around_.settings.runpod.queue_budget;
    return settings;
}

dispatch::FollowerSettings RemoteRooms::follower_settings() const {
    dispatch::FollowerSettings settings;
    settings.times.work_limit = around_.settings.run_timeout + beyond_the_limit;
    settings.outputs.work_dir = fetched_dir(around_.settings);
    settings.outputs.originals = &around_.objects;
    settings.meters = &around_.meters.meters();
    settings.nodes = around_.nodes;
    return settings;
}

dispatch::RemoteLaneParts RemoteRooms::lane_parts() {
    return {.jobs = around_.jobs,
            .remote_jobs = around_.remote_jobs,
            .sites = for_dispatch_,
            .submitter = submitter_,
            .collector = around_.dispatcher.collector(),
            .clock = around_.clock,
            .spend_cap = runpod_ ? runpod_->spend_cap() : nullptr,
            .first_pass_done = [this] { return follower_.first_pass_done(); },
            .wake_follower = [this] { follower_.wake(); }};
}

dispatch::RemoteSites RemoteRooms::sites() const {
    std::vector<ports::RemoteBackend*> active;
    std::vector<ports::RemoteBackend*> kept;
    if (runpod_) {
        for (const auto& site : runpod_->sites().active()) active.push_back(site.backend.get());
        for (const auto& site : runpod_->sites().kept()) kept.push_back(site.get());
    }
    if (pods_) {
        for (const auto& site : pods_->active()) active.push_back(site.get());
        for (const auto& site : pods_->kept()) kept.push_back(site.get());
    }
    return dispatch::RemoteSites(std::move(active), std::move(kept));
}

std::vector<ProbedEndpoint> RemoteRooms::probed() const {
    std::vector<ProbedEndpoint> all;
    if (runpod_) {
        for (auto* site : runpod_->sites().all()) all.push_back({site, [site] { site->probe(); }});
    }
    if (pods_) {
        for (const auto& site : pods_->active())
            all.push_back({site.get(), [backend = site.get()] { backend->probe(); }});
        for (const auto& site : pods_->kept())
            all.push_back({site.get(), [backend = site.get()] { backend->probe(); }});
    }
    return all;
}

std::vector<ports::HttpRoute> RemoteRooms::routes() {
    return runpod_ ? runpod_->routes() : std::vector<ports::HttpRoute>{};
}

std::vector<ports::ObjectStore*> RemoteRooms::own_volumes() const {
    return runpod_ ? runpod_->sites().own_volumes() : std::vector<ports::ObjectStore*>{};
}

void RemoteRooms::start() {
    for (int i = 0; i < submitters; ++i)
        senders_.push_back(named_thread("submitter-" + std::to_string(i), [this] { submitter_.run(); }));
    for (int i = 0; i < followers; ++i)
        others_.push_back(named_thread("follower-" + std::to_string(i), [this] { follower_.run(); }));
    others_.push_back(named_thread("endpoint-probe", [this] { probe_.run(); }));
    if (runpod_) runpod_->start();
    if (!pods_) return;
    int number = 0;
    for (const auto& socket : pods_->sockets())
        others_.push_back(
            named_thread("pod-socket-" + std::to_string(number++), [&socket = *socket] { socket.run(); }));
}

void RemoteRooms::jobs_ready() {
    if (runpod_) runpod_->jobs_ready();
}

void RemoteRooms::stop() {
    // A submit is never cut: nobody would know what became of it.
    submitter_.stop();
    for (auto& thread : senders_) thread.join();
    senders_.clear();
    probe_.stop();
    follower_.stop();  // and every call to an endpoint that is under way
    if (runpod_) runpod_->stop();
    if (pods_) {
        for (const auto& socket : pods_->sockets()) socket->stop();
    }
    for (auto& thread : others_) thread.join();
    others_.clear();
}

}  // namespace darkroom::app
