#include "runpod/worker/worker.h"

#include "base/log.h"
#include "runpod/worker/platform_request.h"

namespace darkroom::runpod::worker {

Worker::Worker(WorkerSettings settings, WorkerUrls urls, WorkerPorts ports, WorkerLimits limits)
    : settings_(std::move(settings)),
      limits_(limits),
      urls_(std::move(urls)),
      web_(ports.http, ports.resolver, settings_.private_urls),
      volume_(settings_.volume_dir.empty() ? std::nullopt : Volume::open(settings_.volume_dir, ports.random)),
      workflows_(ports.driven.workflows),
      jobs_(settings_.concurrency, settings_.refresh_after, ports.clock, {ports.pictures, workflows_}),
      taker_(settings_, limits_, urls_, ports.http, ports.clock, ports.random, jobs_),
      stop_listener_(settings_, limits_, urls_, ports.http, ports.clock, ports.random, jobs_),
      heartbeat_(settings_, urls_, ports.http, ports.clock, jobs_),
      progress_(settings_, limits_, urls_, ports.http, ports.clock),
      callbacks_(settings_, limits_, web_, ports.clock, ports.random),
      results_(settings_, limits_, urls_, ports.http, ports.clock, ports.random),
      work_(settings_, limits_, web_, volume_ ? &*volume_ : nullptr, ports.clock, ports.random,
            ports.driven) {}

void Worker::take_jobs() {
    taker_.run();
    taking_ended_.set();
}

void Worker::work_on_jobs() {
    while (const auto job = jobs_.next()) {
        work_on(*job);
        jobs_.ended(job->id());
    }
}

void Worker::work_on(JobInHand& job) {
    const auto& id = job.id();
    auto end = work_.perform(job, [&](std::string_view stage) { progress_.tell(id, stage); });
    progress_.end(id);
    const bool last = wants_to_go();
    if (!end) return;
    if (end->callback) callbacks_.send(*std::move(end->callback));
    end->report.whole.stop_worker = end->report.small.stop_worker = last;
    results_.deliver(id, end->report, job.halt());
}

std::optional<std::string> Worker::trouble() const {
    return workflows_ == nullptr ? std::nullopt : workflows_->trouble();
}

bool Worker::wants_to_go() {
    const bool is_last = jobs_.is_last();
    if (!trouble()) return is_last;
    stop();
    return true;
}

void Worker::stop() {
    taker_.stop();
    jobs_.close();
}

void Worker::abandon(Instant deadline) {
    if (const auto left = jobs_.ids(); !left.empty())
        log::warning("jobs are left to other workers", {{"count", std::uint64_t{left.size()}}});
    jobs_.stop_all();
    stop_listener_.stop();
    heartbeat_.stop();
    progress_.stop();
    callbacks_.finish(deadline);
}

JobEnd perform_alone(const WorkerSettings& settings, std::string input_json, WorkerPorts ports) {
    const WorkerLimits limits;
    GuardedClient web(ports.http, ports.resolver, settings.private_urls);
    const auto volume =
        settings.volume_dir.empty() ? std::nullopt : Volume::open(settings.volume_dir, ports.random);
    JobWork work(settings, limits, web, volume ? &*volume : nullptr, ports.clock, ports.random, ports.driven);
    TakenJob taken;
    taken.id = *RemoteJobId::parse("local_test");
    taken.input_json = std::move(input_json);
    JobInHand job(std::move(taken), ports.clock, {ports.pictures, ports.driven.workflows});
    return *work.perform(job, [](std::string_view) {});  // nobody can stop it
}

void report_unhealthy(const WorkerSettings& settings, const WorkerUrls& urls, ports::HttpClient& http,
                      std::string_view check, std::string_view reason) {
    const auto url = urls.ping(unhealthy_query(check, reason, settings.version));
    if (!url || settings.authorization.empty()) return;
    auto request = platform_request(settings, ports::HttpMethod::get, *url);
    request.total_timeout = settings.ping_interval * 2;
    if (!http.fetch(request)) log::warning("the endpoint could not be told that this worker cannot work");
}

}  // namespace darkroom::runpod::worker
