// The job API, as official SDKs call it. Every success is 200 and every body JSON, because the SDKs take
// anything else for an error or do not look at the status at all.
#include <algorithm>
#include <memory>

#include "base/json_writer.h"
#include "runpod/endpoint/route_kit.h"
#include "runpod/endpoint/routes.h"

namespace darkroom::runpod::endpoint {
namespace {

using ports::HttpMethod;
using ports::HttpRequest;
using ports::HttpResponse;

constexpr std::int64_t wait_default_ms = 90'000;
constexpr std::int64_t wait_min_ms = 1'000;
constexpr std::int64_t wait_max_ms = 300'000;
constexpr std::uint64_t small_body_bytes_max = 65'536;
constexpr std::uint64_t body_bytes_most = 512u << 20;
constexpr std::size_t requests_listed_max = 1'000;
constexpr std::string_view no_such_job = "job not found";

struct Clients {
    Endpoint& endpoint;
    ports::Clock& clock;
};

/// Faults that any call may meet, and the rate limits; nullopt = go on.
std::optional<HttpResponse> stopped(const Clients& at, Operation operation) {
    if (at.endpoint.fault("any_drop")) return cut_answer();
    if (at.endpoint.fault("any_hang")) return hung_answer();
    if (const auto status = at.endpoint.fault("any_html")) return html_error(int(*status));
    if (at.endpoint.refuse(operation)) return too_many_requests(0);
    return std::nullopt;
}

std::string job_json(Endpoint& endpoint, JobObject view) {
    if (!view.error || !endpoint.fault("error_as_object", view.id.str())) return write_job_object(view);
    JsonWriter error;
    error.begin_object().member("message", *view.error).end_object();
    view.error.reset();
    auto text = write_job_object(view);
    text.pop_back();
    return text + ",\"error\":" + error.take() + "}";
}

// ---- Submitting
// --------------------------------------------------------------------------------------------

/// Faults by which nothing is queued.
std::optional<HttpResponse> not_accepted(Endpoint& endpoint) {
    if (endpoint.fault("drop_before_accept")) return cut_answer();
    if (const auto status = endpoint.fault("5xx_before_accept"))
        return error_answer(int(*status), "internal error");
    if (const auto after = endpoint.fault("run_429")) return too_many_requests(*after);
    if (endpoint.fault("run_401")) return error_answer(401, "unauthorized");
    if (endpoint.fault("run_402")) return error_answer(402, "insufficient funds");
    return std::nullopt;
}

HttpResponse garbled(std::int64_t how, const std::string& id) {
    switch (how) {
        case 2:
            return html_error(200);
        case 3:
            return json_answer(200, "");
        case 4:
            return json_answer(200, R"({"status":"IN_QUEUE"})");
        case 5:
            return json_answer(200, R"({"id":")" + std::string(10'240, 'a') + R"(","status":"IN_QUEUE"})");
        case 6:
            return json_answer(200, R"({"id":12345,"status":"IN_QUEUE"})");
        default:
            return json_answer(200, R"({"id":")" + id.substr(0, id.size() / 2));
    }
}

/// Faults by which the job is queued and the client does not learn of it.
std::optional<HttpResponse> not_told(Endpoint& endpoint, const std::string& id) {
    if (endpoint.fault("accept_then_drop", id)) return cut_answer();
    if (const auto status = endpoint.fault("5xx_after_accept", id))
        return error_answer(int(*status), "internal error");
    if (endpoint.fault("accept_then_hang", id)) return hung_answer();
    if (const auto how = endpoint.fault("accept_then_garble", id)) return garbled(*how, id);
    if (endpoint.fault("accept_then_forget", id)) endpoint.forget(id);
    return std::nullopt;
}

/// The id of a job that was queued, or the answer that says why there is none.
struct Submitted {
    std::string id;
    std::optional<HttpResponse> instead;
};

Submitted submit(const Clients& at, HttpRequest& request, bool sync) {
    const auto operation = sync ? Operation::runsync : Operation::run;
    if (auto answer = stopped(at, operation)) return {"", std::move(answer)};
    if (auto answer = not_accepted(at.endpoint)) return {"", std::move(answer)};
    const auto& settings = at.endpoint.settings();
    auto parsed = parse_submit_request(request.body, sync ? settings.sync_bytes_max : settings.run_bytes_max);
    if (!parsed) return {"", error_answer(400, parsed.error().detail)};
    auto id = at.endpoint.submit(*std::move(parsed), sync);
    if (!id) return {"", too_many_requests(0)};
    if (auto answer = not_told(at.endpoint, *id)) return {"", std::move(answer)};
    return {*std::move(id), std::nullopt};
}

HttpResponse run(const Clients& at, HttpRequest& request) {
    auto submitted = submit(at, request, false);
    if (submitted.instead) return *std::move(submitted.instead);
    const auto id = RemoteJobId::parse(submitted.id);
    return json_answer(200, write_submit_answer({id.value_or(RemoteJobId{}), JobState::in_queue}));
}

// ---- Asking
// ------------------------------------------------------------------------------------------------

Milliseconds wait_of(const HttpRequest& request, std::int64_t unset) {
    const auto wait = query_number(request, "wait");
    return Milliseconds(wait ? std::clamp(*wait, wait_min_ms, wait_max_ms) : unset);
}

/// The job, as soon as it has ended or the wait is over.
HttpResponse hold_for_end(const Clients& at, Operation operation, const std::string& id, Milliseconds wait) {
    auto& endpoint = at.endpoint;
    if (!endpoint.hold(operation)) return too_many_requests(0);
    const std::shared_ptr<void> seat(nullptr, [&endpoint, operation](void*) { endpoint.let_go(operation); });
    ports::HeldAnswer held;
    held.wait_at_most = wait;
    held.subscribe = [&endpoint, id](std::function<void()> wake) {
        return endpoint.waiting_room().subscribe(topic_of_job(id), std::move(wake));
    };
    held.render = [&endpoint, id, seat](bool last) -> std::optional<HttpResponse> {
        auto view = endpoint.status(id);
        if (!view) return error_answer(404, no_such_job);
        if (!is_final(view->state) && !last) return std::nullopt;
        return json_answer(200, job_json(endpoint, *std::move(view)));
    };
    HttpResponse answer;
    answer.body = std::move(held);
    return answer;
}

HttpResponse runsync(const Clients& at, HttpRequest& request) {
    auto submitted = submit(at, request, true);
    if (submitted.instead) return *std::move(submitted.instead);
    return hold_for_end(at, Operation::runsync, submitted.id, wait_of(request, wait_default_ms));
}

HttpResponse status(const Clients& at, HttpRequest& request) {
    if (auto answer = stopped(at, Operation::status)) return *std::move(answer);
    const auto& id = request.path_params[1];
    auto& endpoint = at.endpoint;
    if (const auto after = endpoint.fault("status_429", id)) return too_many_requests(*after);
    if (const auto code = endpoint.fault("status_5xx", id)) return error_answer(int(*code), "internal error");
    if (endpoint.fault("status_404", id)) return error_answer(404, no_such_job);
    auto view = endpoint.status(id);
    if (!view) return error_answer(404, no_such_job);
    auto json = job_json(endpoint, *std::move(view));
    if (const auto pace = endpoint.fault("status_slow", id))
        return slow_answer(at.clock, Milliseconds(*pace), std::move(json));
    return json_answer(200, std::move(json));
}

HttpResponse status_sync(const Clients& at, HttpRequest& request) {
    if (auto answer = stopped(at, Operation::status)) return *std::move(answer);
    return hold_for_end(at, Operation::status, request.path_params[1], wait_of(request, wait_default_ms));
}

HttpResponse stream(const Clients& at, HttpRequest& request) {
    if (auto answer = stopped(at, Operation::stream)) return *std::move(answer);
    auto& endpoint = at.endpoint;
    if (!endpoint.hold(Operation::stream)) return too_many_requests(0);
    const std::shared_ptr<void> seat(nullptr, [&endpoint](void*) { endpoint.let_go(Operation::stream); });
    const auto id = request.path_params[1];
    ports::HeldAnswer held;
    held.wait_at_most = wait_of(request, endpoint.settings().stream_hold.count());
    held.subscribe = [&endpoint, id](std::function<void()> wake) {
        return endpoint.waiting_room().subscribe(topic_of_job(id), std::move(wake));
    };
    held.render = [&endpoint, id, seat](bool last) -> std::optional<HttpResponse> {
        const auto part = endpoint.stream(id);
        if (!part) return error_answer(404, no_such_job);
        if (part->chunks.empty() && !is_final(part->state) && !last) return std::nullopt;
        JsonWriter json;
        json.begin_object().member("status", name_of(part->state)).key("stream").begin_array();
        for (const auto& chunk : part->chunks) json.begin_object().raw_member("output", chunk).end_object();
        json.end_array().end_object();
        return json_answer(200, json.take());
    };
    HttpResponse answer;
    answer.body = std::move(held);
    return answer;
}

// ---- Steering
// ----------------------------------------------------------------------------------------------

HttpResponse cancel(const Clients& at, HttpRequest& request) {
    if (auto answer = stopped(at, Operation::cancel)) return *std::move(answer);
    const auto& id = request.path_params[1];
    auto& endpoint = at.endpoint;
    if (const auto after = endpoint.fault("cancel_429", id)) return too_many_requests(*after);
    if (const auto code = endpoint.fault("cancel_5xx", id)) return error_answer(int(*code), "internal error");
    auto view = endpoint.cancel(id);
    if (endpoint.fault("cancel_drop", id)) return cut_answer();
    if (!view) return error_answer(404, no_such_job);
    return json_answer(200, write_job_object(*view));
}

HttpResponse retry(const Clients& at, HttpRequest& request) {
    if (auto answer = stopped(at, Operation::retry)) return *std::move(answer);
    const auto& id = request.path_params[1];
    switch (at.endpoint.retry(id)) {
        case RetryOutcome::unknown_job:
            return error_answer(404, no_such_job);
        case RetryOutcome::not_failed:
            return error_answer(400, "only jobs that are FAILED or TIMED_OUT can be retried");
        case RetryOutcome::queued:
            break;
    }
    const auto parsed = RemoteJobId::parse(id);
    return json_answer(200, write_submit_answer({parsed.value_or(RemoteJobId{}), JobState::in_queue}));
}

HttpResponse purge(const Clients& at, HttpRequest&) {
    if (auto answer = stopped(at, Operation::purge)) return *std::move(answer);
    JsonWriter json;
    json.begin_object().member("removed", at.endpoint.purge()).member("status", "completed").end_object();
    return json_answer(200, json.take());
}

HttpResponse health(const Clients& at, HttpRequest&) {
    if (auto answer = stopped(at, Operation::health)) return *std::move(answer);
    if (const auto code = at.endpoint.fault("health_5xx")) return error_answer(int(*code), "internal error");
    return json_answer(200, write_health(at.endpoint.health()));
}

HttpResponse requests(const Clients& at, HttpRequest&) {
    if (auto answer = stopped(at, Operation::requests)) return *std::move(answer);
    JsonWriter json;
    json.begin_object().key("requests").begin_array();
    for (const auto& view : at.endpoint.requests(requests_listed_max)) json.raw(write_job_object(view));
    json.end_array().end_object();
    return json_answer(200, json.take());
}

// ---- The table
// ---------------------------------------------------------------------------------------------

using Handler = HttpResponse (*)(const Clients& at, HttpRequest& request);

std::optional<HttpResponse> refuse_stranger(Endpoint& endpoint, const HttpRequest& head) {
    if (!has_key(head, endpoint.settings().client_key)) return error_answer(401, "unauthorized");
    if (head.path_params[0] != endpoint.settings().id) return error_answer(404, "endpoint not found");
    return std::nullopt;
}

ports::HttpRoute route(const Clients& at, HttpMethod method, const std::string& path, std::uint64_t bytes_max,
                       Handler handler) {
    ports::HttpRoute route;
    route.method = method;
    route.pattern = "/v2/{word}/" + path;
    // Beyond its limit a body is refused below, by 400 as on the platform; the server's own 413 is far off.
    if (method == HttpMethod::post) route.body = {ports::BodyPolicy::Kind::buffer, body_bytes_most};
    route.check_head = [at, bytes_max](const HttpRequest& head,
                                       std::uint64_t&) -> std::optional<HttpResponse> {
        if (auto refused = refuse_stranger(at.endpoint, head)) return refused;
        if (head.content_length > bytes_max)
            return error_answer(400,
                                "the body is too large; at most " + std::to_string(bytes_max) + " bytes");
        return std::nullopt;
    };
    route.handle = [at, handler](HttpRequest& request) { return handler(at, request); };
    return route;
}

}  // namespace

std::vector<ports::HttpRoute> client_routes(Endpoint& endpoint, ports::Clock& clock) {
    const Clients at{endpoint, clock};
    const auto& settings = endpoint.settings();
    std::vector<ports::HttpRoute> routes;
    routes.push_back(route(at, HttpMethod::post, "run", settings.run_bytes_max, run));
    routes.push_back(route(at, HttpMethod::post, "runsync", settings.sync_bytes_max, runsync));
    for (const auto method : {HttpMethod::get, HttpMethod::post}) {  // the Go SDK posts
        routes.push_back(route(at, method, "status/{word}", small_body_bytes_max, status));
        routes.push_back(route(at, method, "status-sync/{word}", small_body_bytes_max, status_sync));
        routes.push_back(route(at, method, "stream/{word}", small_body_bytes_max, stream));
    }
    routes.push_back(route(at, HttpMethod::post, "cancel/{word}", small_body_bytes_max, cancel));
    routes.push_back(route(at, HttpMethod::post, "retry/{word}", small_body_bytes_max, retry));
    routes.push_back(route(at, HttpMethod::post, "purge-queue", small_body_bytes_max, purge));
    routes.push_back(route(at, HttpMethod::get, "health", 0, health));
    routes.push_back(route(at, HttpMethod::get, "requests", 0, requests));
    return routes;
}

}  // namespace darkroom::runpod::endpoint
