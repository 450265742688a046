#include "api/rerun.h"

#include <array>

#include "api/handlers.h"
#include "api/job_inputs.h"
#include "api/job_json.h"
#include "api/job_plan.h"
#include "base/json.h"

namespace darkroom::api {
namespace {

namespace json = boost::json;

constexpr std::uint64_t body_bytes_max = 1u << 20;
constexpr std::array<std::string_view, 2> rerun_fields{"params", "backend"};
constexpr std::array<std::string_view, 1> select_fields{"attempt_id"};

// The body, which may be left out where all its members may.
Result<json::object, Problem> read_body(const ports::HttpRequest& request,
                                        std::span<const std::string_view> fields) {
    if (request.body.empty()) return json::object();
    const auto body = parse_json(request.body, body_bytes_max);
    if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
    if (!body->is_object())
        return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
    std::vector<FieldProblem> problems;
    for (const auto& member : body->get_object()) {
        const std::string_view name(member.key().data(), member.key().size());
        if (std::find(fields.begin(), fields.end(), name) == fields.end())
            problems.push_back(
                {"/" + json_pointer_token(name), "unknown_field", unknown_field_sentence(name, fields)});
    }
    if (!problems.empty()) return Fail(Problem(std::move(problems)));
    return body->get_object();
}

Problem conflict(ProblemCode code, std::string detail, core::Status status) {
    Problem problem(code, std::move(detail));
    problem.job_status = status;
    return problem;
}

// Its params as they were sent: a seed that was drawn is drawn anew.
Result<json::object, Problem> wanted_params(const core::Job& job, const json::object& body) {
    const auto* params = body.if_contains("params");
    if (params == nullptr || params->is_null()) {
        const auto sent = parse_json(job.params_json, 16 * body_bytes_max);  // numbers are written out there
        if (!sent || !sent->is_object())
            return Fail(Problem(ProblemCode::internal, "The params of the job cannot be read."));
        return sent->get_object();
    }
    if (!params->is_object())
        return Fail(Problem({{"/params", "validation_failed", "params must be an object."}}));
    return params->get_object();
}

Result<std::string, Problem> wanted_backend(const json::object& body) {
    const auto* backend = body.if_contains("backend");
    if (backend == nullptr || backend->is_null()) return std::string();
    if (!backend->is_string() || backend->get_string().empty())
        return Fail(Problem({{"/backend", "validation_failed", "backend must name one, or be null."}}));
    return std::string(backend->get_string());
}

// What is known without a look at the params; the store looks again at the moment of the change.
std::optional<Problem> not_now(const core::Job& job) {
    if (!job.steps.empty())
        return conflict(ProblemCode::not_for_chains,
                        "A chain has no attempts of its own; POST /retry repeats the steps that failed.",
                        job.status);
    if (job.place)
        return conflict(ProblemCode::not_for_chains,
                        "This job is a step of chain " + job.place->chain.str() +
                            ", which goes on with what it made; create a job of its own to try other params.",
                        job.status);
    if (!core::is_terminal(job.status))
        return conflict(ProblemCode::not_ended,
                        "The job is " + std::string(core::to_string(job.status)) +
                            "; another attempt can be made once it has ended.",
                        job.status);
    if (job.inputs_removed_at)
        return Problem(ProblemCode::inputs_removed,
                       "The pictures that this job worked on are no longer kept; send them again.");
    return std::nullopt;
}

// The pictures are the job's: a mask may be asked for now, but only among them.
Result<ports::WorkPlan, Problem> plan_rerun(ApiContext& context, const core::Job& job,
                                            const json::object& body) {
    const auto params = wanted_params(job, body);
    if (!params) return Fail(params.error());
    auto backend = wanted_backend(body);
    if (!backend) return Fail(backend.error());
    const auto book = context.recipes();
    auto plan = plan_job(context, *book, {job.type, *params, *std::move(backend), job.inputs.size()});
    if (!plan) return Fail(Problem(plan.error()));
    // The recipes were read again since the job was created, and its type is another one now.
    if (plan->chain != nullptr)
        return Fail(conflict(ProblemCode::not_for_chains,
                             job.type + " is a chain by now; create a new job for it.", job.status));
    InputNeeds needs;
    needs.mask = plan->mask_input;
    needs.megapixels_max = plan->megapixels_max;
    if (auto problem = check_picture_sizes(job.inputs, needs)) return Fail(*std::move(problem));
    auto images = job.inputs;
    if (needs.mask && images.size() < 2)
        return Fail(Problem({{needs.mask_pointer, "input_missing",
                              "The job has one input only; a mask needs a job that was created with one."}}));
    if (auto problem = settle_mask(images, needs)) return Fail(*std::move(problem));
    if (images != job.inputs)
        return Fail(
            Problem({{needs.mask_pointer, "input_missing",
                      "The second input of the job is called \"" + job.inputs[1].name + "\"; say that."}}));
    return std::move(plan->work);
}

Answer rerun(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto body = read_body(request, rerun_fields);
    if (!body) return Fail(body.error());
    const auto wait = preferred_wait(request, context.settings.wait_max);
    if (!wait) return Fail(wait.error());
    const auto job = load_job(context, caller.access(), id);
    if (!job) return Fail(job.error());
    if (auto problem = not_now(*job)) return Fail(*std::move(problem));
    const auto plan = plan_rerun(context, *job, *body);
    if (!plan) return Fail(plan.error());
    const auto outcome =
        context.store.rerun_job(caller.access(), id, *plan, caller.actor(), context.clock.now());
    if (!outcome) return Fail(Problem(outcome.error()));
    if (const auto* refused = std::get_if<ports::NotAllowedNow>(&*outcome))
        return Fail(conflict(ProblemCode::not_ended, "Another attempt at the job is under way already.",
                             refused->status));
    if (std::holds_alternative<ports::InputsRemoved>(*outcome))
        return Fail(Problem(ProblemCode::inputs_removed,
                            "The pictures that this job worked on are no longer kept; send them again."));
    if (*wait) return held_until_ended(context, caller.access(), id, **wait, 200, 202);
    const auto now = load_job(context, caller.access(), id);
    if (!now) return Fail(now.error());
    auto answer = json_answer(202, job_json(context, *now));
    answer.headers.emplace_back("Location", "/api/v1/jobs/" + id.str());
    return answer;
}

Result<AttemptId, Problem> wanted_attempt(const ports::HttpRequest& request) {
    const auto body = read_body(request, select_fields);
    if (!body) return Fail(body.error());
    const auto* name = body->if_contains("attempt_id");
    const auto* text = name != nullptr ? name->if_string() : nullptr;
    auto id = text != nullptr ? AttemptId::parse({text->data(), text->size()}) : std::nullopt;
    if (!id)
        return Fail(Problem(
            {{"/attempt_id", "validation_failed", "attempt_id must be the id of an attempt of the job."}}));
    return *id;
}

Answer select(ApiContext& context, const Caller& caller, const ports::HttpRequest& request) {
    const auto id = id_param<JobId>(request);
    const auto attempt = wanted_attempt(request);
    if (!attempt) return Fail(attempt.error());
    const auto outcome =
        context.store.select_attempt(caller.access(), id, *attempt, caller.actor(), context.clock.now());
    if (!outcome) return Fail(Problem(outcome.error()));
    const auto job = load_job(context, caller.access(), id);  // not_found, if that is what it was
    if (!job) return Fail(job.error());
    if (std::holds_alternative<ports::NoSuchAttempt>(*outcome)) {
        if (!job->steps.empty())
            return Fail(conflict(ProblemCode::not_for_chains,
                                 "A chain has no attempts of its own; it shows what its steps made.",
                                 job->status));
        return Fail(Problem(ProblemCode::not_found, "The job has no attempt " + attempt->str() + "."));
    }
    if (std::holds_alternative<ports::AttemptWithoutResult>(*outcome))
        return Fail(conflict(ProblemCode::attempt_without_result,
                             job->outputs_removed_at ? "What this attempt made is no longer kept."
                                                     : "Only an attempt that has succeeded can be shown.",
                             job->status));
    return json_answer(200, job_json(context, *job));
}

}  // namespace

std::vector<ports::HttpRoute> rerun_routes(ApiContext& context, const std::string& base) {
    using ports::HttpMethod;
    const auto route = [&](HttpMethod method, const std::string& pattern,
                           Answer (*handler)(ApiContext&, const Caller&, const ports::HttpRequest&)) {
        return make_route(
            method, base + pattern,
            authenticated(context,
                          [&context, handler](const Caller& caller, ports::HttpRequest& request) {
                              return handler(context, caller, request);
                          }),
            {ports::BodyPolicy::Kind::buffer, body_bytes_max});
    };
    return {route(HttpMethod::post, "/jobs/{uuid}/attempts", rerun),
            route(HttpMethod::put, "/jobs/{uuid}/selected_attempt", select)};
}

}  // namespace darkroom::api
