#include "api/operations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/handlers.h"
#include "base/digest.h"
#include "base/json_writer.h"

namespace darkroom::api {
namespace {

bool has_secret(const ports::HttpRequest& request, const std::string& secret) {
    const auto* header = request.header("Authorization");
    return !secret.empty() && header != nullptr && equal_constant_time(*header, "Bearer " + secret);
}

void write_lines(JsonWriter& json, std::string_view text) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end > 0) json.value(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

Answer run_round(ApiContext& context) {
    const auto started = context.clock.monotonic();
    const auto report = context.dispatcher.run_round();
    if (!report) return Fail(Problem(report.error()));
    const auto took = std::chrono::duration_cast<Milliseconds>(context.clock.monotonic() - started);
    JsonWriter json;
    json.begin_object()
        .member("ok", true)
        .member("dispatched", report->dispatched)
        .member("promoted", report->promoted)
        .member("inflight", report->queue.inflight)
        .member("max_inflight", report->inflight_max)
        .member("queued", report->queue.ready)
        .member("delayed", report->queue.delayed)
        .member("took_ms", took)
        .key("troubles")
        .begin_array();
    if (!context.settings.dispatches)
        json.value("this node sends no jobs to work: ask one whose DARKROOM_ROLE is another");
    if (const auto trouble = context.dispatcher.storage_trouble()) json.value(*trouble);
    if (const auto trouble = context.dispatcher.dispatch_trouble()) write_lines(json, *trouble);
    json.end_array().end_object();
    return json_answer(200, json.take());
}

Answer dispatch(ApiContext& context, const ports::HttpRequest& request) {
    if (!has_secret(request, context.settings.cron_secret)) {
        const auto caller = context.authenticator.authenticate(request);
        if (!caller) return Fail(caller.error());
        if (!caller->admin)
            return Fail(
                Problem(ProblemCode::forbidden, "Only an admin key or CRON_SECRET may run the dispatcher."));
    }
    return run_round(context);
}

// Without the storage or RunPod jobs are still taken, read and cancelled, so a load balancer need not turn
// away: what cannot be done answers for itself. Why it is so is for the operator alone: POST /dispatcher
// tells.
Answer ready(ApiContext& context) {
    const bool database = context.store.ping().ok();
    const bool storage = !context.dispatcher.storage_trouble();
    const bool dispatch = !context.dispatcher.dispatch_trouble();
    const bool node = context.nodes == nullptr || context.nodes->holds_lease();
    const bool stopping = context.is_stopping && context.is_stopping();
    JsonWriter json;
    json.begin_object()
        .member("status", stopping              ? "stopping"
                          : !database || !node  ? "unavailable"
                          : storage && dispatch ? "ready"
                                                : "degraded")
        .key("checks")
        .begin_array();
    std::vector checks{std::pair("database", database), std::pair("storage", storage),
                       std::pair("dispatch", dispatch)};
    if (context.nodes != nullptr) checks.emplace_back("node", node);
    for (const auto& [name, fine] : checks)
        json.begin_object().member("name", name).member("status", fine ? "ok" : "failed").end_object();
    json.end_array().end_object();
    return json_answer(database && node && !stopping ? 200 : 503, json.take());
}

// What is told there names no user and no job, but says how much business there is.
Answer metrics(ApiContext& context, const ports::HttpRequest& request) {
    const auto& settings = context.settings;
    if (!settings.metrics_public && !has_secret(request, settings.metrics_token)) {
        const auto caller = context.authenticator.authenticate(request);
        if (!caller) return Fail(caller.error());
        if (!caller->admin)
            return Fail(Problem(ProblemCode::forbidden,
                                "Only an admin key or DARKROOM_METRICS_TOKEN may read the metrics."));
    }
    ports::HttpResponse answer;
    answer.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                      {"Cache-Control", "no-store"}};
    answer.body = context.metrics();
    return answer;
}

}  // namespace

std::vector<ports::HttpRoute> dispatcher_routes(ApiContext& context, const std::string& base) {
    return {make_route(ports::HttpMethod::post, base + "/dispatcher",
                       unauthenticated([&context](auto& request) { return dispatch(context, request); }),
                       {ports::BodyPolicy::Kind::buffer, 1'024})};
}

std::vector<ports::HttpRoute> health_routes(ApiContext& context) {
    using ports::HttpMethod;
    const auto alive = [](auto&) -> Answer { return json_answer(200, R"({"status":"ok"})"); };
    return {make_route(HttpMethod::get, "/healthz", unauthenticated(alive)),
            make_route(HttpMethod::get, "/readyz",
                       unauthenticated([&context](auto&) { return ready(context); }))};
}

std::vector<ports::HttpRoute> metrics_routes(ApiContext& context) {
    if (!context.metrics) return {};
    return {make_route(ports::HttpMethod::get, "/metrics", unauthenticated([&context](const auto& request) {
                           return metrics(context, request);
                       }))};
}

}  // namespace darkroom::api
