#include "tests/worker/scripted_endpoint.h"

namespace darkroom::worker_test {
namespace {

using http::testing::route;
using ports::HttpMethod;
using ports::HttpRequest;
using ports::HttpResponse;

constexpr std::chrono::seconds patience{30};

HttpResponse json_answer(std::string text, int status = 200) {
    HttpResponse response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = std::move(text);
    return response;
}

HttpResponse nothing(int status = 204) {
    HttpResponse response;
    response.status = status;
    response.body = std::string();
    return response;
}

bool ends_a_job(const std::string& report) { return report.find("IN_PROGRESS") == std::string::npos; }

}  // namespace

ScriptedEndpoint::ScriptedEndpoint() {
    const ports::BodyPolicy body{ports::BodyPolicy::Kind::buffer, 64u << 20};
    std::vector<ports::HttpRoute> routes;
    routes.push_back(
        route(HttpMethod::get, "/v2/ep/job-take/{word}", [this](auto& r) { return take(r, 1); }));
    routes.push_back(
        route(HttpMethod::get, "/v2/ep/job-take-batch/{word}", [this](auto& r) { return take(r, 8); }));
    routes.push_back(
        route(HttpMethod::get, "/v2/ep/job-stop/{word}", [this](auto& r) { return stop_list(r); }));
    routes.push_back(route(HttpMethod::get, "/v2/ep/ping/{word}", [this](auto& r) {
        hear(r);
        return nothing(200);
    }));
    routes.push_back(route(
        HttpMethod::post, "/v2/ep/job-done/{word}/{word}", [this](auto& r) { return done(r); }, body));
    routes.push_back(route(
        HttpMethod::post, "/gateway/{word}", [this](auto& r) { return posted(r); }, body));
    routes.push_back(route(HttpMethod::get, "/store/{word}", [this](auto& r) { return store_get(r); }));
    routes.push_back(route(
        HttpMethod::put, "/store/{word}", [this](auto& r) { return store_put(r); }, body));
    server_ = std::make_unique<http::testing::TestServer>(std::move(routes));
}

ScriptedEndpoint::~ScriptedEndpoint() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    changed_.notify_all();
    server_.reset();
}

std::string ScriptedEndpoint::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
}

std::map<std::string, std::string> ScriptedEndpoint::worker_environment(const std::string& worker_id) const {
    return {{"RUNPOD_POD_ID", worker_id},
            {"RUNPOD_AI_API_KEY", "the worker's key"},
            {"RUNPOD_PING_INTERVAL", "200"},
            {"RUNPOD_WEBHOOK_GET_JOB", url("/v2/ep/job-take/$ID?gpu=LOCAL")},
            {"RUNPOD_WEBHOOK_POST_OUTPUT", url("/v2/ep/job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL")},
            {"RUNPOD_WEBHOOK_PING", url("/v2/ep/ping/$RUNPOD_POD_ID?gpu=LOCAL")},
            {"RUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS", "true"},
            {"CALLBACK_SECRET", "a secret for the tests"},
            {"DARKROOM_LOG_LEVEL", "debug"}};
}

void ScriptedEndpoint::give(const std::string& job_json) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(job_json);
    }
    changed_.notify_all();
}

void ScriptedEndpoint::tell_to_stop(const std::string& job_id) {
    {
        const std::lock_guard lock(mutex_);
        stops_.push_back(job_id);
    }
    changed_.notify_all();
}

void ScriptedEndpoint::answer_ends_with(std::vector<int> statuses) {
    const std::lock_guard lock(mutex_);
    end_answers_.assign(statuses.begin(), statuses.end());
}

void ScriptedEndpoint::answer_with(const std::string& path, int status) {
    const std::lock_guard lock(mutex_);
    statuses_[path] = status;
}

void ScriptedEndpoint::keep(const std::string& name, std::string bytes) {
    const std::lock_guard lock(mutex_);
    store_[name] = std::move(bytes);
}

void ScriptedEndpoint::hear(const HttpRequest& request) {
    std::string query;
    for (const auto* name : {"job_id", "batch_size"}) {
        if (const auto* const value = request.query_value(name)) query += *value;
    }
    {
        const std::lock_guard lock(mutex_);
        heard_.push_back({request.path, query, request.body, request.headers});
    }
    changed_.notify_all();
}

HttpResponse ScriptedEndpoint::take(const HttpRequest& request, std::size_t most) {
    hear(request);
    if (const auto* const size = request.query_value("batch_size"))
        most = std::min<std::size_t>(most, static_cast<std::size_t>(std::atoi(size->c_str())));
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return closing_ || !jobs_.empty(); });
    if (closing_ || jobs_.empty()) return nothing();
    if (request.path.find("batch") == std::string::npos) {
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        return json_answer(std::move(job));
    }
    std::string batch;
    for (std::size_t i = 0; i < most && !jobs_.empty(); ++i) {
        batch += (batch.empty() ? "" : ",") + jobs_.front();
        jobs_.pop_front();
    }
    return json_answer("[" + batch + "]");
}

HttpResponse ScriptedEndpoint::stop_list(const HttpRequest& request) {
    hear(request);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return closing_ || !stops_.empty(); });
    if (stops_.empty()) return nothing();
    const auto id = stops_.back();
    stops_.pop_back();
    return json_answer(R"({"jobsToStop":[")" + id + "\"]}");
}

HttpResponse ScriptedEndpoint::done(const HttpRequest& request) {
    hear(request);
    const std::lock_guard lock(mutex_);
    if (!ends_a_job(request.body) || end_answers_.empty()) return json_answer("{}");
    const int status = end_answers_.front();
    end_answers_.pop_front();
    if (status != 0) return json_answer("{}", status);
    HttpResponse lost;
    lost.body = ports::NoAnswer{};
    return lost;
}

HttpResponse ScriptedEndpoint::posted(const HttpRequest& request) {
    hear(request);
    const std::lock_guard lock(mutex_);
    const auto found = statuses_.find(request.path);
    return json_answer(R"({"ok":true})", found == statuses_.end() ? 200 : found->second);
}

HttpResponse ScriptedEndpoint::store_get(const HttpRequest& request) {
    hear(request);
    const std::lock_guard lock(mutex_);
    const auto found = store_.find(request.path_params[0]);
    if (found == store_.end()) return nothing(404);
    HttpResponse response;
    response.body = found->second;
    return response;
}

HttpResponse ScriptedEndpoint::store_put(const HttpRequest& request) {
    keep(request.path_params[0], request.body);
    hear(request);
    return nothing(200);
}

bool ScriptedEndpoint::wait(const std::function<bool()>& enough) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!enough()) {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::milliseconds(100)) == std::cv_status::timeout &&
            std::chrono::steady_clock::now() >= deadline)
            return false;
    }
    return true;
}

std::vector<Heard> ScriptedEndpoint::heard(const std::string& path_prefix) const {
    const std::lock_guard lock(mutex_);
    std::vector<Heard> found;
    for (const auto& one : heard_) {
        if (one.path.starts_with(path_prefix)) found.push_back(one);
    }
    return found;
}

std::vector<Heard> ScriptedEndpoint::reports(const std::string& job_id, bool ends) const {
    std::vector<Heard> found;
    for (auto& one : heard("/v2/ep/job-done/")) {
        if (one.path.ends_with("/" + job_id) && ends_a_job(one.body) == ends) found.push_back(std::move(one));
    }
    return found;
}

std::vector<Heard> ScriptedEndpoint::ends(const std::string& job_id) const { return reports(job_id, true); }
std::vector<Heard> ScriptedEndpoint::progress(const std::string& job_id) const {
    return reports(job_id, false);
}

std::optional<std::string> ScriptedEndpoint::stored(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = store_.find(name);
    if (found == store_.end()) return std::nullopt;
    return found->second;
}

}  // namespace darkroom::worker_test
