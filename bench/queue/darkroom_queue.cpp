#include "bench/queue/darkroom_queue.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "base/check.h"
#include "bench/store/load.h"

namespace darkroom::bench {
namespace {

constexpr const char* backend = "local";
constexpr const char* endpoint = "bench";
constexpr int workers = 64;
constexpr int inflight_max = 1'000;
constexpr int claim_max = 500;
constexpr Milliseconds poll{500};  // should a signal be lost
constexpr Milliseconds worked_patience{180'000};
constexpr std::string_view sent_name = "\"sent\":";

TimePoint now() { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

// The runner hears that this process is gone, and shows what it said.
[[noreturn]] void give_up(const char* what, const ports::StoreError& error) {
    std::fprintf(stderr, "the store cannot %s: %s\n", what, error.detail.c_str());
    std::_Exit(1);
}

std::int64_t sent_ns_of(const core::Job& job) {
    const auto at = job.metadata_json.find(sent_name);
    if (at == std::string::npos) return 0;
    std::int64_t value = 0;
    const auto* const begin = job.metadata_json.data() + at + sent_name.size();
    std::from_chars(begin, job.metadata_json.data() + job.metadata_json.size(), value);
    return value;
}

}  // namespace

std::int64_t monotonic_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ports::NewJob sent_job(ports::Random& random, int number, std::int64_t sent_ns, const std::string& where) {
    auto request = ordinary_job(random, number % 100);
    request.job.backend = where;
    request.job.created_at = now();
    request.job.metadata_json =
        R"({"order":"A-12345","sku":"SHOE-42",)" + std::string(sent_name) + std::to_string(sent_ns) + "}";
    return request;
}

IdleWorkers::IdleWorkers(ports::JobStore& store) : store_(store) {
    store_.set_listener(this);
    workers_.reserve(workers);
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    dispatcher_ = std::thread([this] { dispatch(); });
}

IdleWorkers::~IdleWorkers() {
    store_.set_listener(nullptr);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    dispatcher_.join();
    {
        const std::lock_guard lock(mutex_);
        dispatched_all_ = true;
    }
    claimed_.notify_all();
    for (auto& worker : workers_) worker.join();
}

void IdleWorkers::jobs_ready() {
    {
        const std::lock_guard lock(mutex_);
        ready_ = true;
    }
    changed_.notify_all();
}

void IdleWorkers::wait_for_jobs() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, poll, [this] { return stopping_ || (ready_ && inflight_ < inflight_max); });
    ready_ = false;
}

int IdleWorkers::free_slots() {
    const std::lock_guard lock(mutex_);
    return stopping_ ? 0 : inflight_max - inflight_;
}

void IdleWorkers::dispatch() {
    ports::ClaimRequest request;
    request.backend = backend;
    request.endpoint = endpoint;
    request.inflight_max = inflight_max;
    for (wait_for_jobs(); int free = free_slots(); wait_for_jobs()) {
        request.jobs_max = std::min(free, claim_max);
        request.now = now();
        auto claimed = store_.claim(request);
        if (!claimed) give_up("claim", claimed.error());
        const std::lock_guard lock(mutex_);
        // A full batch: there is more. So there may be when others are promoted in their place.
        if (!claimed->empty()) ready_ = true;
        inflight_ += static_cast<int>(claimed->size());
        for (auto& one : *claimed) waiting_.push_back(std::move(one));
        claimed_.notify_all();
    }
}

void IdleWorkers::work() {
    const ports::AttemptEnd end = ports::AttemptSucceeded{};
    for (;;) {
        std::unique_lock lock(mutex_);
        claimed_.wait(lock, [this] { return dispatched_all_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto job = std::move(waiting_.front().job);
        waiting_.pop_front();
        if (const auto sent = sent_ns_of(job); sent != 0)
            latencies_.push_back(static_cast<double>(monotonic_ns() - sent) / 1e6);
        lock.unlock();
        const auto ended = store_.finish_attempt(job.attempts.back().id, end, "backend:bench", now());
        if (!ended) give_up("end an attempt", ended.error());
        DR_CHECK(*ended == ports::Applied::applied);
        lock.lock();
        const bool has_room_again = inflight_-- == inflight_max;
        const bool is_awaited = ++worked_ == awaited_;
        lock.unlock();
        if (has_room_again || is_awaited) changed_.notify_all();
    }
}

std::int64_t IdleWorkers::worked() const {
    const std::lock_guard lock(mutex_);
    return worked_;
}

bool IdleWorkers::wait_until_worked(std::int64_t jobs) const {
    std::unique_lock lock(mutex_);
    awaited_ = jobs;
    return changed_.wait_for(lock, worked_patience, [&] { return worked_ >= jobs; });
}

std::vector<double> IdleWorkers::take_latencies() {
    const std::lock_guard lock(mutex_);
    return std::exchange(latencies_, {});
}

}  // namespace darkroom::bench
