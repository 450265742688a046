// RunPod's REST v2, as far as Darkroom needs it: read and change the scaling of the endpoint, list workers,
// prices and what was billed. Bodies of errors and the RateLimit headers are as there.
#include <algorithm>

#include "base/json_writer.h"
#include "runpod/endpoint/route_kit.h"
#include "runpod/endpoint/routes.h"
#include "runpod/endpoint/scaling_change.h"

namespace darkroom::runpod::endpoint {
namespace {

using ports::HttpMethod;
using ports::HttpRequest;
using ports::HttpResponse;

constexpr std::uint64_t body_bytes_max = 65'536;
constexpr std::int64_t seconds_per_hour = 3'600;

HttpResponse with_limits(HttpResponse answer) {
    answer.headers.emplace_back("RateLimit", R"("minute";r=59;t=60)");
    answer.headers.emplace_back("RateLimit-Policy", R"("minute";q=60;w=60)");
    return answer;
}

HttpResponse problem(int status, std::string_view title, std::string_view detail) {
    JsonWriter json;
    json.begin_object().member("title", title).member("status", status).member("detail", detail);
    json.key("errors").begin_array().end_array().end_object();
    return with_limits(json_answer(status, json.take()));
}

std::string_view word(Fleet::State state) {
    switch (state) {
        case Fleet::State::initializing:
            return "INITIALIZING";
        case Fleet::State::idle:
            return "IDLE";
        case Fleet::State::running:
            return "RUNNING";
        case Fleet::State::unhealthy:
            return "UNHEALTHY";
        case Fleet::State::stopped:
            break;
    }
    return "STOPPED";
}

void write_scaling(JsonWriter& json, const Scaling& scaling) {
    json.key("workers").begin_object().member("min", scaling.workers_min).member("max", scaling.workers_max);
    json.member("idleTimeout", scaling.idle_timeout.count() / 1000).end_object();
    json.key("scaling").begin_object();
    if (scaling.kind == Scaling::Kind::request_count) {
        json.member("type", "REQUEST_COUNT").member("requestCount", scaling.request_count);
    } else {
        const auto tenths = scaling.queue_delay.count() / 100;
        json.member("type", "QUEUE_DELAY");
        json.raw_member("queueDelay", std::to_string(tenths / 10) + "." + std::to_string(tenths % 10));
    }
    json.end_object();
}

HttpResponse describe(Endpoint& endpoint, const HttpRequest& request) {
    const auto& settings = endpoint.settings();
    const auto view = endpoint.fleet();
    JsonWriter json;
    json.begin_object().member("id", settings.id).member("name", settings.id).member("type", "QUEUE");
    json.key("requestUrls").begin_object();
    const auto* host = request.header("Host");
    const auto base = (host == nullptr ? "" : "http://" + *host) + "/v2/" + settings.id;
    for (const auto& [name, path] : {std::pair{"run", "/run"},
                                     {"runSync", "/runsync"},
                                     {"status", "/status"},
                                     {"stream", "/stream"},
                                     {"cancel", "/cancel"},
                                     {"retry", "/retry"},
                                     {"purgeQueue", "/purge-queue"},
                                     {"health", "/health"}})
        json.member(name, base + path);
    json.end_object().key("gpu").begin_object().key("pools").begin_array().value("ADA_24").end_array();
    json.key("excludedTypes").begin_array().end_array().member("count", 1).end_object();
    write_scaling(json, view.scaling);
    json.key("dataCenterIds").begin_array().value(settings.data_center).end_array();
    json.key("networkVolumes").begin_array();
    if (!settings.network_volume.empty()) {
        json.begin_object().member("id", settings.network_volume);
        json.member("dataCenter", settings.data_center).end_object();
    }
    json.end_array().member("timeout", settings.execution_timeout).member("flashboot", "OFF").end_object();
    return with_limits(json_answer(200, json.take()));
}

HttpResponse change(Endpoint& endpoint, const HttpRequest& request) {
    auto changed = apply_scaling_change(endpoint.fleet().scaling, request.body);
    if (!changed) return problem(400, "Bad Request", changed.error());
    endpoint.set_scaling(*changed);
    return describe(endpoint, request);
}

HttpResponse list_workers(Endpoint& endpoint) {
    const auto& settings = endpoint.settings();
    const auto view = endpoint.fleet();
    const auto& counts = view.counts;
    JsonWriter json;
    json.begin_object().key("summary").begin_object();
    json.member("running", counts.running).member("idle", counts.idle);
    json.member("initializing", counts.initializing).member("throttled", counts.throttled);
    json.member("unhealthy", counts.unhealthy);
    json.member("total",
                counts.running + counts.idle + counts.initializing + counts.throttled + counts.unhealthy);
    json.end_object().key("workers").begin_array();
    for (const auto& worker : view.workers) {
        const auto state = worker.state(view.now);
        if (state == Fleet::State::stopped) continue;  // no container, so nobody lists it
        json.begin_object().member("id", worker.id).member("status", word(state)).member("isStale", false);
        json.member("version", 1).member("gpuCount", 1);
        json.member("gpuTypeId", worker.gpu.empty() ? settings.gpu : worker.gpu);
        json.member("dataCenterId", settings.data_center).member("image", "local");
        const auto up = worker.started ? view.now - *worker.started : Instant::duration{0};
        json.member("uptimeSeconds", std::chrono::floor<std::chrono::seconds>(up).count()).end_object();
    }
    json.end_array().end_object();
    return with_limits(json_answer(200, json.take()));
}

HttpResponse list_prices(Endpoint& endpoint) {
    const auto& settings = endpoint.settings();
    JsonWriter json;
    json.begin_object().key("gpus").begin_array().begin_object().member("id", settings.gpu);
    json.member("pool", "ADA_24").member("memory", 24).key("price").begin_object();
    json.raw_member("serverless", usd_text(settings.micro_usd_per_second * seconds_per_hour));
    json.end_object().end_object().end_array().end_object();
    return with_limits(json_answer(200, json.take()));
}

HttpResponse bill(Endpoint& endpoint) {
    JsonWriter json;
    std::int64_t total = 0;
    json.begin_object().key("records").begin_array();
    for (const auto& period : endpoint.billed_periods()) {
        total += period.micro_usd;
        json.begin_object().member("startTime", period.from).member("endTime", period.to);
        json.member("serverlessId", endpoint.settings().id).member("workerId", period.worker);
        json.raw_member("totalAmount", usd_text(period.micro_usd));
        json.raw_member("gpuAmount", usd_text(period.micro_usd)).member("cpuAmount", 0);
        json.member("diskAmount", 0).member("feeAmount", 0).end_object();
    }
    json.end_array().raw_member("totalAmount", usd_text(total)).end_object();
    return with_limits(json_answer(200, json.take()));
}

template <class Handler>
ports::HttpRoute route(Endpoint& endpoint, HttpMethod method, std::string pattern, Handler handler) {
    ports::HttpRoute route;
    route.method = method;
    route.pattern = std::move(pattern);
    if (method == HttpMethod::patch) route.body = {ports::BodyPolicy::Kind::buffer, body_bytes_max};
    route.check_head = [&endpoint](const HttpRequest& head, std::uint64_t&) -> std::optional<HttpResponse> {
        if (!has_key(head, endpoint.settings().client_key))
            return problem(401, "Unauthorized", "The API key is missing or wrong.");
        if (!head.path_params.empty() && head.path_params[0] != endpoint.settings().id)
            return problem(404, "Not Found", "There is no such endpoint.");
        return std::nullopt;
    };
    route.handle = [&endpoint, handler](HttpRequest& request) { return handler(endpoint, request); };
    return route;
}

}  // namespace

std::vector<ports::HttpRoute> management_routes(Endpoint& endpoint) {
    const auto plain = [](auto function) {
        return [function](Endpoint& at, const HttpRequest&) { return function(at); };
    };
    std::vector<ports::HttpRoute> routes;
    routes.push_back(route(endpoint, HttpMethod::get, "/v2/serverless/{word}", describe));
    routes.push_back(route(endpoint, HttpMethod::patch, "/v2/serverless/{word}", change));
    routes.push_back(route(endpoint, HttpMethod::get, "/v2/serverless/{word}/workers", plain(list_workers)));
    routes.push_back(route(endpoint, HttpMethod::get, "/v2/catalog/gpus", plain(list_prices)));
    routes.push_back(route(endpoint, HttpMethod::get, "/v2/billing/serverless", plain(bill)));
    return routes;
}

}  // namespace darkroom::runpod::endpoint
