#include "imaging/pool/local_backend.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/log.h"
#include "imaging/pool/input_file.h"
#include "imaging/pool/order_parts.h"

namespace darkroom::imaging {
namespace {

using core::ErrorCode;
using core::JobError;

Result<boost::json::object, JobError> parse_params(const std::string& text) {
    auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object()) {
        return Fail(JobError{ErrorCode::params_invalid, "The job's params cannot be read."});
    }
    return std::move(parsed->get_object());
}

ports::WorkDone as_work_done(FinishedPicture finished, Milliseconds execution) {
    ports::WorkDone done;
    done.files = std::move(finished.files);
    done.execution = execution;
    if (finished.done.noop) finished.done.measures["noop"] = true;
    done.measures_json = boost::json::serialize(finished.done.measures);
    done.warnings_json = boost::json::serialize(finished.done.warnings);
    return done;
}

PoolOptions for_networks(PoolOptions options) {
    options.program = imaging_program(options).string() + "-networks";
    options.work_dir /= "networks";
    return options;
}

}  // namespace

Result<std::unique_ptr<LocalBackend>, std::string> LocalBackend::open(LocalBackendOptions options,
                                                                      ports::ObjectStore& objects,
                                                                      const ports::Clock& clock,
                                                                      ports::Random&) {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const int inflight_max = options.inflight_max > 0 ? options.inflight_max : cores;
    options.pool.processes_max = inflight_max + std::max(0, options.processes_for_others);
    PoolOptions network_options = options.pool;
    auto pool = ProcessPool::open(std::move(options.pool));
    if (!pool) return Fail(pool.error());
    ports::EndpointInfo endpoint{.backend = "local", .name = options.name, .inflight_max = inflight_max};
    return std::unique_ptr<LocalBackend>(new LocalBackend(std::move(endpoint), std::move(options.model_of),
                                                          *std::move(pool), std::move(network_options),
                                                          objects, clock));
}

LocalBackend::LocalBackend(ports::EndpointInfo endpoint, ModelOf model_of, std::unique_ptr<ProcessPool> pool,
                           PoolOptions network_options, ports::ObjectStore& objects,
                           const ports::Clock& clock)
    : endpoint_(std::move(endpoint)),
      work_dir_(network_options.work_dir),
      model_of_(std::move(model_of)),
      objects_(objects),
      clock_(clock),
      pool_(std::move(pool)),
      network_options_(for_networks(std::move(network_options))) {
    for (int i = 0; i < endpoint_.inflight_max; ++i) runners_.emplace_back([this] { run_orders(); });
}

LocalBackend::~LocalBackend() { shut_down(); }

void LocalBackend::start(ports::WorkOrder order, ports::AttemptSink& sink) {
    auto open = std::make_shared<Open>(std::move(order), &sink);
    const AttemptId attempt = open->order.attempt;
    bool too_late = false;
    {
        const std::lock_guard lock(mutex_);
        too_late = stopping_;
        if (!too_late) {
            open_.emplace(attempt, open);
            waiting_.push_back(std::move(open));
        }
    }
    wake_up_.notify_one();
    // A dispatcher that was in the middle of a round when the program was told to stop.
    if (too_late) sink.attempt_finished(attempt, Fail(plain_error(ErrorCode::interrupted)));
}

void LocalBackend::stop_attempt(const AttemptId& attempt) {
    const std::lock_guard lock(mutex_);
    if (const auto it = open_.find(attempt); it != open_.end()) it->second->cancel.set(ErrorCode::cancelled);
}

void LocalBackend::shut_down() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const auto& [attempt, open] : open_) open->cancel.set(ErrorCode::interrupted);
    }
    wake_up_.notify_all();
    for (auto& runner : runners_) {
        if (runner.joinable()) runner.join();
    }
}

std::shared_ptr<LocalBackend::Open> LocalBackend::next_order() {
    std::unique_lock lock(mutex_);
    wake_up_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    std::shared_ptr<Open> open = std::move(waiting_.front());
    waiting_.pop_front();
    return open;
}

void LocalBackend::run_orders() {
    while (const std::shared_ptr<Open> open = next_order()) {
        const AttemptId attempt = open->order.attempt;
        if (!open->cancel.is_set()) open->sink->attempt_started(attempt);
        ports::WorkResult result = work_on(*open);
        {
            const std::lock_guard lock(mutex_);
            open_.erase(attempt);
        }
        open->sink->attempt_finished(attempt, std::move(result));
    }
}

ports::WorkResult LocalBackend::work_on(const Open& open) {
    if (open.cancel.is_set()) return Fail(plain_error(open.cancel.reason()));
    if (open.order.inputs.empty()) return Fail(plain_error(ErrorCode::input_missing));
    const auto input = InputFile::open(objects_, open.order.inputs.front(), work_dir_);
    if (!input) return Fail(input.error());
    return work_on_file(open, input->fd());
}

ProcessPool* LocalBackend::networks() {
    std::call_once(networks_wanted_, [this] {
        auto opened = ProcessPool::open(network_options_);
        if (!opened) log::error("no network can be run", {{"reason", opened.error()}});
        if (opened) networks_ = *std::move(opened);
    });
    return networks_.get();
}

ports::WorkResult LocalBackend::work_on_file(const Open& open, int input) {
    auto params = parse_params(open.order.params_effective_json);
    if (!params) return Fail(params.error());
    const auto parts = OrderParts::open(open.order, *params, objects_, work_dir_, model_of_, models_);
    if (!parts) return Fail(parts.error());
    ProcessPool* pool = parts->has_network() ? networks() : pool_.get();
    if (pool == nullptr) return Fail(plain_error(ErrorCode::model_unavailable));
    const Instant began = clock_.monotonic();
    auto finished = pool->run({.operation = open.order.type,
                               .params = *std::move(params),
                               .input = input,
                               .parts = parts->list(),
                               .extras = true,
                               .time_limit = open.order.time_limit},
                              open.cancel);
    if (!finished) return Fail(finished.error());
    const auto execution = std::chrono::duration_cast<Milliseconds>(clock_.monotonic() - began);
    return as_work_done(*std::move(finished), execution);
}

}  // namespace darkroom::imaging
