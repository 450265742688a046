#include "app/remote_rooms.h"

#include <algorithm>
#include <filesystem>

#include "app/named_thread.h"
#include "base/log.h"

namespace darkroom::app {
namespace {

// A worker keeps to the limit; the endpoint allows it half a minute more, and its answers may be late.
constexpr Milliseconds beyond_the_limit{90'000};

constexpr int submitters = 4;
constexpr int followers = 8;

std::filesystem::path fetched_dir(const Settings& settings) {
    return settings.data_dir / "incoming" / "results";
}

}  // namespace

bool RemoteRooms::are_needed(const Settings& settings, const std::vector<ports::RemoteTarget>& left) {
    if (settings.runpod.is_used()) return true;
    if (left.empty()) return false;
    if (!settings.runpod.api_key.empty()) return true;
    log::warning("jobs were left at RunPod and nobody can look after them: set RUNPOD_API_KEY");
    return false;
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
      sites_(around.settings.runpod, left,
             {.main = around.objects,
              .storage = around.storage,
              .http = around.http,
              .clock = around.clock,
              .random = around.random,
              .public_url = around.public_url,
              .run_timeout = around.settings.run_timeout}),
      for_dispatch_(sites_.for_dispatch()),
      spend_cap_(around.settings.runpod.daily_cap_micro_usd
                     ? std::make_unique<dispatch::SpendCap>(around.remote_jobs, around.clock,
                                                            *around.settings.runpod.daily_cap_micro_usd)
                     : nullptr),
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
      webhooks_(around.remote_jobs, around.clock,
                {.attempt_secret = around.signing_secret,
                 .callback_secrets = around.settings.runpod.callback_secrets}),
      probe_(sites_.all(), around.clock, [this] { around_.dispatcher.wake(); }) {
    if (around.settings.runpod.scale) build_scaling();
    around.dispatcher.use_remote(lane_);
}

RemoteRooms::~RemoteRooms() { stop(); }

dispatch::SubmitterSettings RemoteRooms::submitter_settings() const {
    dispatch::SubmitterSettings settings;
    settings.signing_secret = around_.signing_secret;
    settings.time_limit = around_.settings.run_timeout;
    settings.queue_budget = around_.settings.runpod.queue_budget;
    return settings;
}

dispatch::FollowerSettings RemoteRooms::follower_settings() const {
    dispatch::FollowerSettings settings;
    settings.times.work_limit = around_.settings.run_timeout + beyond_the_limit;
    settings.outputs.work_dir = fetched_dir(around_.settings);
    return settings;
}

dispatch::RemoteLaneParts RemoteRooms::lane_parts() {
    return {.jobs = around_.jobs,
            .remote_jobs = around_.remote_jobs,
            .sites = for_dispatch_,
            .submitter = submitter_,
            .collector = around_.dispatcher.collector(),
            .clock = around_.clock,
            .spend_cap = spend_cap_.get(),
            .first_pass_done = [this] { return follower_.first_pass_done(); },
            .wake_follower = [this] { follower_.wake(); }};
}

void RemoteRooms::build_scaling() {
    const auto& runpod = around_.settings.runpod;
    runpod::scale::ManagementSettings management;
    management.base_url = runpod.rest_url;
    management.api_key = runpod.api_key;
    management.version = DARKROOM_VERSION;
    management_ =
        std::make_unique<runpod::scale::ManagementClient>(std::move(management), around_.http, around_.clock);
    for (const auto& site : sites_.active()) {
        runpod::scale::ScaleSettings settings;
        settings.workers_min = runpod.scale->workers_min;
        settings.workers_max = runpod.scale->workers_max;
        settings.jobs_inflight_max = site.endpoint.inflight_max;
        controllers_.push_back(std::make_unique<runpod::scale::ScaleController>(
            runpod::scale::ScaledEndpoint{site.endpoint.name, site.endpoint.id}, settings, *management_,
            *site.health, [this, endpoint = &site.endpoint] { return figures_of(*endpoint); },
            around_.clock));
    }
}

// What is ready is shared out by weight, so each endpoint counts with its share of it.
std::optional<runpod::scale::QueueFigures> RemoteRooms::figures_of(const RunpodEndpoint& endpoint) const {
    const auto queue = around_.jobs.count_queue();
    const auto inflight = around_.jobs.list_inflight(endpoint.name);
    if (!queue || !inflight) return std::nullopt;
    std::int64_t weights = 0;
    for (const auto& site : sites_.active()) weights += site.endpoint.weight;
    runpod::scale::QueueFigures figures;
    figures.ready = (queue->ready * endpoint.weight + weights - 1) / weights;
    figures.inflight = static_cast<std::int64_t>(inflight->size());
    return figures;
}

void RemoteRooms::start() {
    for (int i = 0; i < submitters; ++i)
        senders_.push_back(named_thread("submitter-" + std::to_string(i), [this] { submitter_.run(); }));
    for (int i = 0; i < followers; ++i)
        others_.push_back(named_thread("follower-" + std::to_string(i), [this] { follower_.run(); }));
    others_.push_back(named_thread("endpoint-probe", [this] { probe_.run(); }));
    for (std::size_t i = 0; i < controllers_.size(); ++i)
        others_.push_back(named_thread("scale-" + std::to_string(i),
                                       [&controller = *controllers_[i]] { controller.run(); }));
}

void RemoteRooms::jobs_ready() {
    for (const auto& controller : controllers_) controller->wake();
}

void RemoteRooms::stop() {
    // A submit is never cut: nobody would know what became of it.
    submitter_.stop();
    for (auto& thread : senders_) thread.join();
    senders_.clear();
    if (management_) management_->stop();
    for (const auto& controller : controllers_) controller->stop();
    probe_.stop();
    follower_.stop();
    for (auto& thread : others_) thread.join();
    others_.clear();
}

}  // namespace darkroom::app
