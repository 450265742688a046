#include "api/jobs.h"

#include "api/handlers.h"
#include "api/job_json.h"
#include "api/job_list.h"

namespace darkroom::api {
namespace {

Answer show(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto wait = preferred_wait(request, context.settings.wait_max);
    if (!wait) return Fail(wait.error());
    const auto job = load_job(context, caller.access(), id);
    if (!job) return Fail(job.error());
    if (*wait && !core::is_terminal(job->status))
        return held_until_ended(context, caller.access(), id, **wait, 200, 200);
    return json_answer(200, job_json(context, *job));
}

// A step goes the way of its chain, and cannot be steered alone.
std::optional<Problem> refuse_step(ApiContext& context, const Caller& caller, const JobId& id,
                                   core::Status status) {
    const auto job = load_job(context, caller.access(), id);
    if (!job || !job->place) return std::nullopt;
    Problem problem(ProblemCode::not_for_chains, "This job is a step of chain " + job->place->chain.str() +
                                                     "; cancel or retry the chain.");
    problem.job_status = status;
    return problem;
}

Answer cancel(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto outcome = context.store.cancel_job(caller.access(), id, caller.actor(), context.clock.now());
    if (!outcome) return Fail(Problem(outcome.error()));
    if (const auto* refused = std::get_if<ports::NotAllowedNow>(&*outcome);
        refused != nullptr && refused->status != core::Status::cancelled) {
        if (auto problem = refuse_step(context, caller, id, refused->status))
            return Fail(*std::move(problem));
        Problem problem(
            ProblemCode::already_terminal,
            "The job has already ended as " + std::string(core::to_string(refused->status)) + ".");
        problem.job_status = refused->status;
        return Fail(std::move(problem));
    }
    if (const auto* cancelled = std::get_if<ports::JobCancelled>(&*outcome)) {
        for (const auto& attempt : cancelled->stop) context.dispatcher.stop_attempt(attempt);
    }
    const auto job = load_job(context, caller.access(), id);
    if (!job) return Fail(job.error());
    return json_answer(200, job_json(context, *job));
}

Answer retry(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto outcome = context.store.requeue_job(caller.access(), id, caller.actor(), context.clock.now());
    if (!outcome) return Fail(Problem(outcome.error()));
    if (const auto* refused = std::get_if<ports::NotAllowedNow>(&*outcome)) {
        if (auto problem = refuse_step(context, caller, id, refused->status))
            return Fail(*std::move(problem));
        Problem problem(ProblemCode::not_retryable,
                        "Only a failed or cancelled job can be retried; this one is " +
                            std::string(core::to_string(refused->status)) + ".");
        problem.job_status = refused->status;
        return Fail(std::move(problem));
    }
    if (std::holds_alternative<ports::InputsRemoved>(*outcome)) {
        return Fail(Problem(ProblemCode::inputs_removed,
                            "The pictures that this job worked on are no longer kept; send them again."));
    }
    const auto job = load_job(context, caller.access(), id);
    if (!job) return Fail(job.error());
    return json_answer(202, job_json(context, *job));
}

}  // namespace

std::vector<ports::HttpRoute> job_routes(ApiContext& context, const std::string& base) {
    using ports::HttpMethod;
    const auto route = [&](HttpMethod method, const std::string& pattern,
                           Answer (*handler)(ApiContext&, const Caller&, const ports::HttpRequest&)) {
        // A POST that only acts may come with an empty JSON object; its content is not looked at.
        const auto body = method == HttpMethod::post
                              ? ports::BodyPolicy{ports::BodyPolicy::Kind::buffer, 1'024}
                              : ports::BodyPolicy{};
        return make_route(
            method, base + pattern,
            authenticated(context,
                          [&context, handler](const Caller& caller, ports::HttpRequest& request) {
                              return handler(context, caller, request);
                          }),
            body);
    };
    return {route(HttpMethod::get, "/jobs", list_jobs), route(HttpMethod::get, "/jobs/{uuid}", show),
            route(HttpMethod::post, "/jobs/{uuid}/cancel", cancel),
            route(HttpMethod::post, "/jobs/{uuid}/retry", retry)};
}

}  // namespace darkroom::api
