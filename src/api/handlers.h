// The frame around every handler: who asks, what went wrong, what the answer looks like.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "api/context.h"
#include "api/problem.h"
#include "base/result.h"

namespace darkroom::api {

using Answer = Result<ports::HttpResponse, Problem>;
using Handler = std::function<Answer(const Caller& caller, ports::HttpRequest& request)>;
using OpenHandler = std::function<Answer(ports::HttpRequest& request)>;

/// Runs `handler` for requests with a valid key.
std::function<ports::HttpResponse(ports::HttpRequest&)> authenticated(ApiContext& context, Handler handler);
/// The same for admin keys only; others are told so.
std::function<ports::HttpResponse(ports::HttpRequest&)> for_admins(
    ApiContext& context, Answer (*handler)(ApiContext&, const ports::HttpRequest&));
/// Runs `handler` for everybody.
std::function<ports::HttpResponse(ports::HttpRequest&)> unauthenticated(OpenHandler handler);

ports::HttpRoute make_route(ports::HttpMethod method, std::string pattern,
                            std::function<ports::HttpResponse(ports::HttpRequest&)> handle,
                            ports::BodyPolicy body = {});

ports::HttpResponse json_answer(int status, std::string body);

/// The path parameter at `index` as an id; the router has already checked its form.
template <class Id>
Id id_param(const ports::HttpRequest& request, std::size_t index = 0) {
    const auto id = Id::parse(request.path_params.at(index));
    DR_CHECK(id.has_value());
    return *id;
}

/// An answer that is to be held until something has happened.
struct Wait {
    Milliseconds at_most{0};
    std::string request_id;  // of the request that waits, for what may go wrong meanwhile
};

/// How long `Prefer: wait` asks to hold the answer (RFC 7240 §4.3), bounded; nullopt = not asked for.
Result<std::optional<Wait>, Problem> preferred_wait(const ports::HttpRequest& request, Milliseconds wait_max);

/// Holds an answer until the job has ended or the wait is over, then shows it: `status_ended` or
/// `status_waiting`.
ports::HttpResponse held_until_ended(ApiContext& context, const ports::Access& access, const JobId& job,
                                     const Wait& wait, int status_ended, int status_waiting);

/// The job, or not_found: an id of somebody else is answered exactly like one that never was.
Result<core::Job, Problem> load_job(const ApiContext& context, const ports::Access& access, const JobId& id);

}  // namespace darkroom::api
