#include "runpod/endpoint/fleet.h"

#include <algorithm>

namespace darkroom::runpod::endpoint {

Fleet::State Fleet::Worker::state(Instant now) const {
    if (!unhealthy_reason.empty()) return State::unhealthy;
    if (!started) return State::stopped;
    if (now < ready) return State::initializing;
    return !jobs.empty() ? State::running : State::idle;
}

void Fleet::seen(const std::string& worker, const std::string& gpu, Instant now) {
    auto [place, is_new] = workers_.try_emplace(worker);
    auto& known = place->second;
    if (is_new) {
        known.id = worker;
        known.first_seen = known.idle_since = known.polled = now;
    }
    if (!gpu.empty()) known.gpu = gpu;
    known.seen = now;
    // It came back after it had given up, so it was restarted.
    known.unhealthy_reason.clear();
    known.is_presumed_dead = false;
}

void Fleet::polled(const std::string& worker, Instant now) {
    seen(worker, "", now);
    workers_[worker].polled = now;
}

void Fleet::poll_begins(const std::string& worker, Instant now) {
    polled(worker, now);
    ++workers_[worker].polls;
}

void Fleet::poll_ends(const std::string& worker, Instant now) {
    const auto found = workers_.find(worker);
    if (found == workers_.end() || found->second.polls == 0) return;
    --found->second.polls;
    found->second.seen = found->second.polled = now;
}

void Fleet::presume_dead(const std::string& worker) {
    const auto found = workers_.find(worker);
    if (found != workers_.end()) found->second.is_presumed_dead = true;
}

// With a job in hand it may be silent: then its lease decides.
bool Fleet::is_there(const Worker& worker, Instant now) const {
    if (worker.is_presumed_dead || !worker.unhealthy_reason.empty()) return false;
    return !worker.jobs.empty() || worker.polls > 0 || now - worker.polled < rules_.absent_after;
}

void Fleet::unhealthy(const std::string& worker, const std::string& reason, Instant now) {
    seen(worker, "", now);
    workers_[worker].unhealthy_reason = reason.empty() ? "no reason given" : reason;
}

void Fleet::took(const std::string& worker, const std::string& job) { workers_[worker].jobs.insert(job); }

void Fleet::gave_back(const std::string& worker, const std::string& job, Instant now) {
    const auto found = workers_.find(worker);
    if (found == workers_.end() || found->second.jobs.erase(job) == 0) return;
    if (found->second.jobs.empty()) found->second.idle_since = now;
}

int Fleet::capacity() const { return std::max(0, scaling_.workers_max - rules_.throttled); }

int Fleet::started() const {
    return int(std::count_if(workers_.begin(), workers_.end(),
                             [](const auto& entry) { return entry.second.started.has_value(); }));
}

// Never fewer than are at work; the idle ones among them go by their idle time.
int Fleet::wanted(const Demand& demand) const {
    int needed = 0;
    if (scaling_.kind == Scaling::Kind::request_count) {
        const auto requests = demand.queued + demand.running;
        needed =
            int((requests + std::size_t(scaling_.request_count) - 1) / std::size_t(scaling_.request_count));
    } else if (demand.queued > 0) {
        const int now = started();
        needed = now == 0 ? 1 : demand.longest_wait >= scaling_.queue_delay ? now + 1 : now;
    }
    return std::min(capacity(), std::max(needed, scaling_.workers_min));
}

std::vector<Fleet::Stop> Fleet::scale(const Demand& demand, Instant now) {
    std::vector<Stop> stops;
    for (auto it = workers_.begin(); it != workers_.end();) {
        auto& worker = it->second;
        const bool gone = worker.polls == 0 && now - worker.seen >= rules_.attached_for;
        if (gone || !is_there(worker, now)) stop(worker, stops);
        it = gone ? workers_.erase(it) : std::next(it);
    }
    const int want = wanted(demand);
    stop_idle(now, want, stops);
    start_some(now, want);
    return stops;
}

void Fleet::stop(Worker& worker, std::vector<Stop>& stops) {
    if (!worker.started) return;
    stops.push_back({worker.id, *worker.started});
    worker.started.reset();
}

void Fleet::stop_idle(Instant now, int wanted, std::vector<Stop>& stops) {
    int running = started();
    for (auto& [id, worker] : workers_) {
        if (running <= wanted) return;
        if (!worker.started || !worker.jobs.empty() || now < worker.ready) continue;
        const bool over = running > capacity();
        if (!over && now - std::max(worker.idle_since, worker.ready) < scaling_.idle_timeout) continue;
        stop(worker, stops);
        --running;
    }
}

// Those that wait at this moment come first.
void Fleet::start_some(Instant now, int wanted) {
    int running = started();
    for (const bool waiting : {true, false}) {
        for (auto& [id, worker] : workers_) {
            if (running >= wanted) return;
            if (worker.started || (worker.polls > 0) != waiting || !is_there(worker, now)) continue;
            worker.started = now;
            worker.ready = now + rules_.cold_start;
            worker.idle_since = worker.ready;
            ++running;
        }
    }
}

bool Fleet::may_take(const std::string& worker, Instant now) const {
    const auto found = workers_.find(worker);
    if (found == workers_.end()) return false;
    const auto state = found->second.state(now);
    if (state == State::running) return true;  // a worker may hold several
    return state == State::idle && started() <= capacity();
}

bool Fleet::is_lost(const std::string& worker, Instant now) const {
    const auto found = workers_.find(worker);
    return found == workers_.end() || !found->second.unhealthy_reason.empty() ||
           now - found->second.seen >= rules_.lost_after;
}

WorkerCounts Fleet::counts(Instant now) const {
    WorkerCounts counts;
    for (const auto& [id, worker] : workers_) {
        const auto state = worker.state(now);
        counts.initializing += state == State::initializing;
        counts.idle += state == State::idle;
        counts.running += state == State::running;
        counts.unhealthy += state == State::unhealthy;
    }
    counts.ready = counts.idle;
    counts.throttled = std::min(rules_.throttled, scaling_.workers_max);
    return counts;
}

}  // namespace darkroom::runpod::endpoint
