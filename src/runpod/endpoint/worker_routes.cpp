// The worker protocol. Who a worker is and which job it means is told by the path alone: the official worker
// sends form content types with JSON in them, and headers that belong to other jobs.
#include <algorithm>
#include <memory>

#include "runpod/endpoint/route_kit.h"
#include "runpod/endpoint/routes.h"

namespace darkroom::runpod::endpoint {
namespace {

using ports::HttpMethod;
using ports::HttpRequest;
using ports::HttpResponse;

constexpr std::int64_t batch_max = 1'000;
// A body may exceed the limit of a result by this much of wrapping and is still read.
constexpr std::uint64_t wrapping_bytes = 65'536;
constexpr std::uint64_t result_body_bytes_max = 256u << 20;
constexpr std::uint64_t chunk_body_bytes_max = 4u << 20;

std::string gpu_of(const HttpRequest& request) {
    const auto* gpu = request.query_value("gpu");
    return gpu == nullptr ? std::string{} : gpu->substr(0, 128);
}

std::optional<HttpResponse> refuse_stranger(Endpoint& endpoint, const HttpRequest& head) {
    if (!has_key(head, endpoint.settings().worker_key)) return error_answer(401, "unauthorized");
    if (head.path_params[0] != endpoint.settings().id) return error_answer(404, "endpoint not found");
    return std::nullopt;
}

std::optional<HttpResponse> take_fault(Endpoint& endpoint) {
    if (endpoint.fault("take_429")) return too_many_requests(0);
    if (endpoint.fault("take_400")) return error_answer(400, "worker is not ready");
    if (const auto status = endpoint.fault("take_5xx")) return error_answer(int(*status), "internal error");
    return std::nullopt;
}

HttpResponse take_held(Endpoint& endpoint, const HttpRequest& request, std::size_t at_most, bool as_array) {
    if (auto answer = take_fault(endpoint)) return *std::move(answer);
    ports::HeldAnswer held;
    held.wait_at_most = endpoint.settings().scaled(endpoint.settings().take_hold);
    held.subscribe = [&endpoint](std::function<void()> wake) {
        return endpoint.waiting_room().subscribe(topic_of_queue(), std::move(wake));
    };
    const auto worker = request.path_params[1];
    const auto gpu = gpu_of(request);
    endpoint.poll_begins(worker, gpu);
    const std::shared_ptr<void> poll(nullptr, [&endpoint, worker](void*) { endpoint.poll_ends(worker); });
    held.render = [&endpoint, worker, gpu, at_most, as_array,
                   poll](bool last) -> std::optional<HttpResponse> {
        const auto jobs = endpoint.take(worker, gpu, at_most);
        if (jobs.empty()) return last ? std::optional(no_content()) : std::nullopt;
        auto json = as_array ? write_taken_jobs(jobs) : write_taken_job(jobs.front());
        if (endpoint.fault("take_garble", jobs.front().id.str())) json.resize(json.size() / 2);
        return json_answer(200, std::move(json));
    };
    HttpResponse answer;
    answer.body = std::move(held);
    return answer;
}

HttpResponse take(Endpoint& endpoint, HttpRequest& request) { return take_held(endpoint, request, 1, false); }

HttpResponse take_batch(Endpoint& endpoint, HttpRequest& request) {
    const auto size = std::clamp<std::int64_t>(query_number(request, "batch_size").value_or(1), 1, batch_max);
    return take_held(endpoint, request, std::size_t(size), true);
}

HttpResponse stops(Endpoint& endpoint, HttpRequest& request) {
    const auto worker = request.path_params[1];
    ports::HeldAnswer held;
    held.wait_at_most = endpoint.settings().scaled(endpoint.settings().stop_hold);
    held.subscribe = [&endpoint, worker](std::function<void()> wake) {
        return endpoint.waiting_room().subscribe(topic_of_stops(worker), std::move(wake));
    };
    held.render = [&endpoint, worker, gpu = gpu_of(request)](bool last) -> std::optional<HttpResponse> {
        const auto ids = endpoint.take_stops(worker, gpu);
        if (ids.empty()) return last ? std::optional(no_content()) : std::nullopt;
        return json_answer(200, write_jobs_to_stop(ids));
    };
    HttpResponse answer;
    answer.body = std::move(held);
    return answer;
}

HttpResponse answer_of(const DoneOutcome& outcome) {
    switch (outcome.kind) {
        case DoneOutcome::Kind::taken:
            return json_answer(200, R"({"status":"ok"})");
        case DoneOutcome::Kind::unknown_job:
            return error_answer(404, "job not found");
        case DoneOutcome::Kind::too_large:
            return error_answer(400, "the result is too large");
        case DoneOutcome::Kind::failed:
            return error_answer(outcome.status, "internal error");
        case DoneOutcome::Kind::cut:
            break;
    }
    return cut_answer();
}

HttpResponse done(Endpoint& endpoint, HttpRequest& request) {
    const auto& worker = request.path_params[1];
    const auto& job = request.path_params[2];
    auto report = parse_done_report(request.body, request.body.size());
    if (!report) return error_answer(400, report.error().detail);
    return answer_of(endpoint.done(worker, job, *std::move(report), request.body.size()));
}

// What is too large is refused before it is read, but not before its job has ended by it.
std::optional<HttpResponse> refuse_large_result(Endpoint& endpoint, const HttpRequest& head) {
    if (auto refused = refuse_stranger(endpoint, head)) return refused;
    const auto& job = head.path_params[2];
    if (head.content_length <= endpoint.result_bytes_max(job) + wrapping_bytes) return std::nullopt;
    return answer_of(endpoint.done_too_large(head.path_params[1], job));
}

HttpResponse chunk(Endpoint& endpoint, HttpRequest& request) {
    const auto parsed = parse_stream_chunk(request.body, request.body.size());
    if (!parsed) return error_answer(400, parsed.error().detail);
    if (!endpoint.add_chunk(request.path_params[1], request.path_params[2], *parsed))
        return error_answer(404, "job not found");
    return json_answer(200, R"({"status":"ok"})");
}

HttpResponse ping(Endpoint& endpoint, HttpRequest& request) {
    if (const auto status = endpoint.fault("ping_5xx")) return error_answer(int(*status), "internal error");
    const auto& worker = request.path_params[1];
    const auto* state = request.query_value("status");
    if (state != nullptr && *state == "unhealthy") {
        const auto* check = request.query_value("check");
        const auto* reason = request.query_value("reason");
        endpoint.unhealthy(worker, (check == nullptr ? "" : check->substr(0, 64) + ": ") +
                                       (reason == nullptr ? "" : reason->substr(0, 256)));
        return json_answer(200, R"({"status":"ok"})");
    }
    const auto* ids = request.query_value("job_id");
    const auto jobs = ids == nullptr ? std::vector<RemoteJobId>{} : parse_ping_job_ids(*ids);
    endpoint.ping(worker, gpu_of(request), jobs);
    return json_answer(200, R"({"status":"ok"})");
}

using Handler = HttpResponse (*)(Endpoint& endpoint, HttpRequest& request);

ports::HttpRoute route(Endpoint& endpoint, HttpMethod method, const std::string& path,
                       std::uint64_t bytes_max, Handler handler) {
    ports::HttpRoute route;
    route.method = method;
    route.pattern = "/v2/{word}/" + path;
    if (bytes_max > 0) route.body = {ports::BodyPolicy::Kind::buffer, bytes_max};
    route.check_head = [&endpoint](const HttpRequest& head, std::uint64_t&) {
        return refuse_stranger(endpoint, head);
    };
    route.handle = [&endpoint, handler](HttpRequest& request) { return handler(endpoint, request); };
    return route;
}

}  // namespace

std::vector<ports::HttpRoute> worker_routes(Endpoint& endpoint) {
    std::vector<ports::HttpRoute> routes;
    routes.push_back(route(endpoint, HttpMethod::get, "job-take/{word}", 0, take));
    routes.push_back(route(endpoint, HttpMethod::get, "job-take-batch/{word}", 0, take_batch));
    routes.push_back(route(endpoint, HttpMethod::get, "job-stop/{word}", 0, stops));
    routes.push_back(
        route(endpoint, HttpMethod::post, "job-done/{word}/{word}", result_body_bytes_max, done));
    routes.back().check_head = [&endpoint](const HttpRequest& head, std::uint64_t&) {
        return refuse_large_result(endpoint, head);
    };
    routes.push_back(
        route(endpoint, HttpMethod::post, "job-stream/{word}/{word}", chunk_body_bytes_max, chunk));
    routes.push_back(route(endpoint, HttpMethod::get, "ping/{word}", 0, ping));
    return routes;
}

}  // namespace darkroom::runpod::endpoint
