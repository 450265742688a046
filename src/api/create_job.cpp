#include "api/create_job.h"

#include <algorithm>

#include "api/chain_plan.h"
#include "api/create_job_form.h"
#include "api/job_json.h"
#include "base/json.h"

namespace darkroom::api {
namespace {

constexpr std::uint64_t json_body_bytes_max = 1u << 20;

void take_plan(core::Job& job, ports::WorkPlan plan) {
    job.backend = std::move(plan.backend);
    job.params_json = std::move(plan.params_json);
    job.params_effective_json = std::move(plan.params_effective_json);
    job.recipe = std::move(plan.recipe);
    job.recipe_digest = std::move(plan.recipe_digest);
    job.models_json = std::move(plan.models_json);
}

// The steps become jobs of their own; the chain itself shows what they are.
void take_chain(ApiContext& context, CheckedJob& checked, ChainPlan plan) {
    auto& chain = checked.job;
    if (!plan.params_json.empty()) {
        chain.params_json = std::move(plan.params_json);
        chain.params_effective_json = std::move(plan.params_effective_json);
    }
    chain.chain_outputs = std::move(plan.outputs);
    checked.steps = std::move(plan.steps);
    chain.backend = checked.steps.front().backend;
    for (auto& step : checked.steps) {
        step.id = context.random.id<JobId>();
        step.place->chain = chain.id;
        chain.steps.push_back({step.place->step, step.id, step.type, core::Status::queued, std::nullopt});
    }
}

/// By the book in use: what the job is, and what its steps are if it is a chain.
Result<CheckedJob, std::vector<FieldProblem>> plan_request(ApiContext& context, const JobRequest& request) {
    const auto book = context.recipes();
    const auto backend = request.backend.value_or("");
    const auto inputs = request.inputs.size();
    CheckedJob checked;
    checked.job.id = context.random.id<JobId>();
    checked.job.type = request.type;
    const auto* chain = request.chain ? &*request.chain : nullptr;
    if (chain == nullptr) {
        auto plan = plan_job(context, *book, {request.type, request.params, backend, inputs});
        if (!plan) return Fail(plan.error());
        take_plan(checked.job, std::move(plan->work));
        checked.needs.inputs_max = plan->inputs_max;
        checked.needs.mask = plan->mask_input;
        checked.needs.megapixels_max = plan->megapixels_max;
        chain = plan->chain;
    }
    if (chain == nullptr) return checked;
    auto plan =
        plan_chain(context, *book, {*chain, request.params, backend, inputs, request.chain.has_value()});
    if (!plan) return Fail(plan.error());
    checked.needs = {plan->inputs_max, plan->mask_input, plan->mask_pointer, plan->megapixels_max};
    take_chain(context, checked, *std::move(plan));
    return checked;
}

// An admin key speaks for an app and may name the user; a user's key speaks for that user alone.
Result<UserId, Problem> owner_of(const Caller& caller, const JobRequest& request) {
    if (!request.user || *request.user == caller.user) return caller.user;
    if (!caller.admin)
        return Fail(Problem(ProblemCode::forbidden, "This key creates jobs for its own user only."));
    return *request.user;
}

Result<std::optional<std::string>, Problem> idempotency_key_of(const ports::HttpRequest& http) {
    const auto* header = http.header("Idempotency-Key");
    if (header == nullptr) return std::optional<std::string>();
    auto key = *header;
    // Both bare and as a quoted string (draft-ietf-httpapi-idempotency-key-header) are in use.
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
    const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (key.empty() || key.size() > 255 || !visible) {
        return Fail(
            Problem(ProblemCode::bad_header, "Idempotency-Key must be 1 to 255 visible ASCII characters."));
    }
    return std::optional(std::move(key));
}

ports::HttpResponse created_answer(const ApiContext& context, const core::Job& job, bool replayed) {
    auto response = json_answer(201, job_json(context, job));
    response.headers.emplace_back("Location", "/api/v1/jobs/" + job.id.str());
    if (replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
    return response;
}

Answer answer_outcome(ApiContext& context, const core::Job& job, const ports::CreateOutcome& outcome,
                      std::optional<Wait> wait) {
    if (const auto* gone = std::get_if<ports::UploadGone>(&outcome)) {
        return Fail(Problem(ProblemCode::upload_expired,
                            "Upload " + gone->upload.str() + " has expired; send the picture again."));
    }
    if (std::holds_alternative<ports::IdempotencyKeyReused>(outcome)) {
        return Fail(Problem(ProblemCode::idempotency_key_reused,
                            "This Idempotency-Key was used for another request before."));
    }
    const auto* existing = std::get_if<ports::JobAlreadyCreated>(&outcome);
    const auto access = ports::Access::of(job.user);
    if (wait)
        return held_until_ended(context, access, existing != nullptr ? existing->job : job.id, *wait, 200,
                                201);
    if (existing == nullptr) return created_answer(context, job, false);
    const auto before = load_job(context, access, existing->job);
    if (!before) return Fail(before.error());
    return created_answer(context, *before, true);
}

// A repeated request must not fetch again: the URL may be gone, or give another picture by now.
Result<std::optional<ports::CreateOutcome>, Problem> earlier_outcome(ApiContext& context,
                                                                     const CheckedJob& checked,
                                                                     const Sha256Bytes& fingerprint) {
    const bool fetches = std::any_of(checked.inputs.begin(), checked.inputs.end(),
                                     [](const RequestedInput& input) { return !input.upload; });
    if (!fetches || !checked.idempotency_key) return std::optional<ports::CreateOutcome>();
    const auto earlier =
        context.store.find_earlier_request(checked.job.user, *checked.idempotency_key, context.clock.now());
    if (!earlier) return Fail(Problem(earlier.error()));
    if (!*earlier) return std::optional<ports::CreateOutcome>();
    if ((*earlier)->fingerprint != fingerprint)
        return std::optional<ports::CreateOutcome>(ports::IdempotencyKeyReused{});
    return std::optional<ports::CreateOutcome>(ports::JobAlreadyCreated{(*earlier)->job});
}

Answer create_from_json(ApiContext& context, const Caller& caller, const ports::HttpRequest& http) {
    if (const auto* type = http.header("Content-Type");
        type == nullptr || type->rfind("application/json", 0) != 0) {
        return Fail(
            Problem(ProblemCode::unsupported_media_type, "Send application/json or multipart/form-data."));
    }
    const auto body = parse_json(http.body, json_body_bytes_max);
    if (!body) return Fail(Problem(ProblemCode::malformed_json, body.error().detail));
    if (!body->is_object())
        return Fail(Problem({{"", "validation_failed", "The body must be a JSON object."}}));
    const auto request = read_job_request(body->as_object(), false);
    if (!request) return Fail(request.error());
    auto checked = check_job(context, caller, http, *request);
    if (!checked) return Fail(checked.error());
    return commit_job(context, caller, *std::move(checked), sha256(http.body));
}

}  // namespace

Result<CheckedJob, Problem> check_job(ApiContext& context, const Caller& caller,
                                      const ports::HttpRequest& http, const JobRequest& request) {
    auto planned = plan_request(context, request);
    if (!planned) return Fail(Problem(planned.error()));
    auto& checked = *planned;
    if (auto problem = check_input_count(request.inputs, checked.needs)) return Fail(*std::move(problem));
    const auto wait = preferred_wait(http, context.settings.wait_max);
    if (!wait) return Fail(wait.error());
    auto key = idempotency_key_of(http);
    if (!key) return Fail(key.error());
    const auto owner = owner_of(caller, request);
    if (!owner) return Fail(owner.error());

    checked.inputs = request.inputs;
    checked.wait = *wait;
    checked.idempotency_key = *std::move(key);
    auto& job = checked.job;
    job.user = *owner;
    job.priority = request.priority;
    job.metadata_json = request.metadata_json;
    return std::move(checked);
}

Answer commit_job(ApiContext& context, const Caller& caller, CheckedJob checked,
                  const Sha256Bytes& fingerprint) {
    const auto earlier = earlier_outcome(context, checked, fingerprint);
    if (!earlier) return Fail(earlier.error());
    if (*earlier) return answer_outcome(context, checked.job, **earlier, checked.wait);
    auto inputs = load_inputs(context, caller, checked.job.user, checked.inputs);
    if (!inputs) return Fail(inputs.error());
    if (auto problem = check_picture_sizes(inputs->images, checked.needs)) return Fail(*std::move(problem));
    if (auto problem = settle_mask(inputs->images, checked.needs)) return Fail(*std::move(problem));
    const auto now = context.clock.now();
    ports::NewJob created;
    created.job = std::move(checked.job);
    created.job.inputs = std::move(inputs->images);
    created.job.created_at = created.job.updated_at = now;
    created.steps = std::move(checked.steps);
    created.uploads = std::move(inputs->uploads);
    created.uploads_of = caller.access();  // an app sends the pictures of its users with its own key
    created.actor = caller.actor();
    if (checked.idempotency_key) {
        created.idempotency = ports::IdempotencyKey{*std::move(checked.idempotency_key), fingerprint,
                                                    now + context.settings.idempotency_life};
    }
    const auto outcome = context.store.create_job(created);
    if (!outcome) return Fail(Problem(outcome.error()));
    return answer_outcome(context, created.job, *outcome, checked.wait);
}

std::vector<ports::HttpRoute> create_job_routes(ApiContext& context, const std::string& base) {
    auto json = make_route(ports::HttpMethod::post, base + "/jobs",
                           authenticated(context,
                                         [&context](const auto& caller, auto& request) {
                                             return create_from_json(context, caller, request);
                                         }),
                           {ports::BodyPolicy::Kind::buffer, json_body_bytes_max});
    return {std::move(json), create_job_form_route(context, base)};
}

}  // namespace darkroom::api
