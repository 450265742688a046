#include "api/handlers.h"

#include <algorithm>
#include <charconv>

#include "api/job_json.h"

namespace darkroom::api {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The value of `wait` among comma-separated preferences: nullopt if absent, empty if it has no number.
std::optional<std::string_view> wait_preference(std::string_view header) {
    while (!header.empty()) {
        const auto comma = header.find(',');
        const auto preference = trimmed(header.substr(0, comma));
        if (preference == "wait") return std::string_view();
        if (preference.substr(0, 5) == "wait=") return preference.substr(5);
        if (comma == std::string_view::npos) break;
        header.remove_prefix(comma + 1);
    }
    return std::nullopt;
}

ports::HttpResponse shown(const ApiContext& context, const core::Job& job, int status, Milliseconds wait) {
    auto response = json_answer(status, job_json(context, job));
    response.headers.emplace_back("Preference-Applied", "wait=" + std::to_string(wait.count() / 1'000));
    response.headers.emplace_back("Location", "/api/v1/jobs/" + job.id.str());
    return response;
}

}  // namespace

std::function<ports::HttpResponse(ports::HttpRequest&)> authenticated(ApiContext& context, Handler handler) {
    return [&context, handler = std::move(handler)](ports::HttpRequest& request) {
        const auto caller = context.authenticator.authenticate(request);
        if (!caller) return to_response(caller.error(), request.id);
        auto answer = handler(*caller, request);
        return answer ? *std::move(answer) : to_response(answer.error(), request.id);
    };
}

std::function<ports::HttpResponse(ports::HttpRequest&)> for_admins(
    ApiContext& context, Answer (*handler)(ApiContext&, const ports::HttpRequest&)) {
    return authenticated(
        context, [&context, handler](const Caller& caller, ports::HttpRequest& request) -> Answer {
            if (!caller.admin) return Fail(Problem(ProblemCode::forbidden, "Only an admin key may do this."));
            return handler(context, request);
        });
}

std::function<ports::HttpResponse(ports::HttpRequest&)> unauthenticated(OpenHandler handler) {
    return [handler = std::move(handler)](ports::HttpRequest& request) {
        auto answer = handler(request);
        return answer ? *std::move(answer) : to_response(answer.error(), request.id);
    };
}

ports::HttpRoute make_route(ports::HttpMethod method, std::string pattern,
                            std::function<ports::HttpResponse(ports::HttpRequest&)> handle,
                            ports::BodyPolicy body) {
    ports::HttpRoute route;
    route.method = method;
    route.pattern = std::move(pattern);
    route.body = body;
    route.handle = std::move(handle);
    return route;
}

ports::HttpResponse json_answer(int status, std::string body) {
    ports::HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
    response.body = std::move(body);
    return response;
}

Result<std::optional<Wait>, Problem> preferred_wait(const ports::HttpRequest& request,
                                                    Milliseconds wait_max) {
    const auto* header = request.header("Prefer");
    if (header == nullptr) return std::optional<Wait>();
    const auto text = wait_preference(*header);
    if (!text) return std::optional<Wait>();
    if (text->empty()) return std::optional(Wait{wait_max, request.id});
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (error != std::errc() || end != text->data() + text->size() || seconds < 0) {
        return Fail(
            Problem(ProblemCode::bad_header, "Prefer: wait takes a number of seconds, as in \"wait=20\"."));
    }
    // Compared in seconds: a huge number must not overflow on its way to milliseconds.
    if (seconds > wait_max.count() / 1'000) return std::optional(Wait{wait_max, request.id});
    return std::optional(Wait{Milliseconds(seconds * 1'000), request.id});
}

Result<core::Job, Problem> load_job(const ApiContext& context, const ports::Access& access, const JobId& id) {
    auto found = context.store.find_job(access, id);
    if (!found) return Fail(Problem(found.error()));
    if (!*found) return Fail(Problem(ProblemCode::not_found, "There is no job " + id.str() + "."));
    return **std::move(found);
}

ports::HttpResponse held_until_ended(ApiContext& context, const ports::Access& access, const JobId& job,
                                     const Wait& wait, int status_ended, int status_waiting) {
    ports::HeldAnswer held;
    held.wait_at_most = wait.at_most;
    held.subscribe = [&context, job](std::function<void()> wake) {
        return context.watch.subscribe(job, std::move(wake));
    };
    held.render = [&context, access, job, wait, status_ended,
                   status_waiting](bool last) -> std::optional<ports::HttpResponse> {
        const auto now = load_job(context, access, job);
        if (!now) return to_response(now.error(), wait.request_id);
        const bool ended = core::is_terminal(now->status);
        if (!ended && !last) return std::nullopt;
        return shown(context, *now, ended ? status_ended : status_waiting, wait.at_most);
    };
    ports::HttpResponse response;
    response.body = std::move(held);
    return response;
}

}  // namespace darkroom::api
