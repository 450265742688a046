#include "bench/worker/poll_server.h"

#include <stdexcept>

namespace darkroom::bench {
namespace {

using ports::HttpMethod;
using ports::HttpResponse;

constexpr std::chrono::seconds hold_time{30};

HttpResponse plain(int status) {
    HttpResponse response;
    response.status = status;
    response.body = std::string();
    return response;
}

ports::HttpRoute route(HttpMethod method, std::string pattern,
                       std::function<HttpResponse(ports::HttpRequest&)> handle) {
    ports::HttpRoute made;
    made.method = method;
    made.pattern = std::move(pattern);
    made.handle = std::move(handle);
    return made;
}

}  // namespace

PollServer::PollServer(const std::filesystem::path& folder) {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(route(HttpMethod::get, "/v2/ep/job-take/{word}", [this](auto&) { return hold(true); }));
    routes.push_back(route(HttpMethod::get, "/v2/ep/job-stop/{word}", [this](auto&) { return hold(false); }));
    routes.push_back(route(HttpMethod::get, "/v2/ep/ping/{word}", [](auto&) { return plain(200); }));
    http::ServerOptions options;
    options.spool_dir = folder;
    options.handler_threads = 16;
    server_ = std::make_unique<http::Server>(
        std::move(options), std::move(routes),
        [](int status, std::string_view, std::string_view, const std::string&) { return plain(status); });
    const auto port = server_->start();
    if (!port) throw std::runtime_error(port.error().detail);
    base_ = "http://127.0.0.1:" + std::to_string(*port) + "/v2/ep/";
}

PollServer::~PollServer() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    server_->stop(Milliseconds(1'000));
}

std::map<std::string, std::string> PollServer::worker_environment() const {
    return {{"RUNPOD_ENDPOINT_ID", "ep"},
            {"RUNPOD_POD_ID", "worker-1"},
            {"RUNPOD_AI_API_KEY", "bench-key"},
            {"RUNPOD_PING_INTERVAL", "4000"},
            {"RUNPOD_WEBHOOK_GET_JOB", base_ + "job-take/$ID?gpu=LOCAL"},
            {"RUNPOD_WEBHOOK_POST_OUTPUT", base_ + "job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
            {"RUNPOD_WEBHOOK_POST_STREAM", base_ + "job-stream/$RUNPOD_POD_ID/$ID?gpu=LOCAL"},
            {"RUNPOD_WEBHOOK_PING", base_ + "ping/$RUNPOD_POD_ID?gpu=LOCAL"},
            {"RUNPOD_SKIP_AUTO_SYSTEM_CHECKS", "true"},
            {"RUNPOD_SKIP_GPU_CHECK", "true"},
            {"DARKROOM_LOG_LEVEL", "warning"}};
}

void PollServer::arm() {
    {
        const std::lock_guard lock(mutex_);
        taken_at_.reset();
        ++round_;
    }
    changed_.notify_all();
}

std::optional<std::chrono::steady_clock::time_point> PollServer::wait_for_take(
    std::chrono::seconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return taken_at_.has_value(); });
    return taken_at_;
}

HttpResponse PollServer::hold(bool is_take) {
    std::unique_lock lock(mutex_);
    if (is_take && !taken_at_) {
        taken_at_ = std::chrono::steady_clock::now();
        changed_.notify_all();
    }
    // Polls of workers that are gone must not hold the threads that answer the next one.
    changed_.wait_for(lock, hold_time, [this, round = round_] { return closing_ || round_ != round; });
    return plain(204);
}

}  // namespace darkroom::bench
