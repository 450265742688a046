#include "api/create_job.h"

#include <algorithm>

#include "api/create_job_form.h"
#include "api/intake_problem.h"
#include "api/job_json.h"
#include "base/json.h"
#include "recipes/params.h"
#include "recipes/type_catalogue.h"

namespace darkroom::api {
namespace {

constexpr std::uint64_t json_body_bytes_max = 1u << 20;

Problem unknown_type(const std::string& type) {
    std::string detail = "There is no job type \"" + type.substr(0, 64) + "\".";
    if (const auto nearest = recipes::TypeCatalogue::builtin().nearest(type))
        detail += " Did you mean \"" + std::string(*nearest) + "\"?";
    Problem problem(ProblemCode::unknown_type, std::move(detail));
    problem.fields = {{"/type", "unknown_type", problem.detail}};
    return problem;
}

// A recipe may run where nothing is set up.
std::optional<FieldProblem> not_set_up(const ApiContext& context, const std::string& backend) {
    const auto& there = context.settings.backends;
    if (std::find(there.begin(), there.end(), backend) != there.end()) return std::nullopt;
    std::string list;
    for (const auto& name : there) list += (list.empty() ? "" : ", ") + name;
    return FieldProblem{
        "/backend", "recipe_not_found",
        "Backend \"" + backend.substr(0, 64) + "\" is not set up here; there is " + list + "."};
}

Result<recipes::CheckedParams, Problem> check_params(ApiContext& context, const recipes::JobType& type,
                                                     const JobRequest& request, const std::string& backend) {
    auto checked = recipes::check_params(type, request.params, context.random.number(), backend);
    if (checked) {
        if (auto problem = not_set_up(context, backend))
            return Fail(Problem(std::vector{*std::move(problem)}));
        return *std::move(checked);
    }
    std::vector<FieldProblem> fields;
    for (const auto& problem : checked.error()) {
        fields.push_back({problem.pointer, problem.code, problem.detail + "."});
    }
    return Fail(Problem(std::move(fields)));
}

// An admin key speaks for an app and may name the user; a user's key speaks for that user alone.
Result<UserId, Problem> owner_of(const Caller& caller, const JobRequest& request) {
    if (!request.user || *request.user == caller.user) return caller.user;
    if (!caller.admin)
        return Fail(Problem(ProblemCode::forbidden, "This key creates jobs for its own user only."));
    return *request.user;
}

// What the job works on, looked at: uploads that came straight into the store are checked now, at their first
// use.
Result<std::vector<core::InputImage>, Problem> load_inputs(ApiContext& context, const Caller& caller,
                                                           const std::vector<UploadId>& uploads) {
    std::vector<core::InputImage> inputs;
    for (const auto& id : uploads) {
        const auto upload = context.intake.confirm(caller.access(), id);
        if (!upload) {
            const auto* outcome = std::get_if<ports::UploadOutcome>(&upload.error());
            if (outcome != nullptr && *outcome == ports::UploadOutcome::not_found) {
                return Fail(Problem(ProblemCode::upload_not_found,
                                    "There is no upload " + id.str() + "; it may have expired."));
            }
            return Fail(problem_of(upload.error(), "/inputs/0/upload"));
        }
        inputs.push_back(*upload->image);
    }
    return inputs;
}

// Fetched pictures are uploads like all others from here on.
Result<void, Problem> fetch_urls(ApiContext& context, CheckedJob& checked) {
    for (const auto& [url, pointer] : checked.urls) {
        const auto fetched = context.intake.fetch(checked.job.user, url, "");
        if (!fetched) return Fail(problem_of(fetched.error(), pointer));
        checked.uploads.push_back(fetched->id);
    }
    return {};
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
    if (checked.urls.empty() || !checked.idempotency_key) return std::optional<ports::CreateOutcome>();
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
    const auto* type = recipes::TypeCatalogue::builtin().find(request.type);
    if (type == nullptr) return Fail(unknown_type(request.type));
    auto backend = request.backend.value_or(context.settings.backends.front());
    auto params = check_params(context, *type, request, backend);
    if (!params) return Fail(params.error());
    const auto wait = preferred_wait(http, context.settings.wait_max);
    if (!wait) return Fail(wait.error());
    auto key = idempotency_key_of(http);
    if (!key) return Fail(key.error());
    const auto owner = owner_of(caller, request);
    if (!owner) return Fail(owner.error());

    CheckedJob checked;
    checked.uploads = request.uploads;
    checked.urls = request.urls;
    checked.wait = *wait;
    checked.idempotency_key = *std::move(key);
    auto& job = checked.job;
    job.id = context.random.id<JobId>();
    job.user = *owner;
    job.type = request.type;
    job.backend = std::move(backend);
    job.params_json = std::move(params->sent_json);
    job.params_effective_json = std::move(params->effective_json);
    job.recipe = std::move(params->recipe);
    job.priority = request.priority;
    job.metadata_json = request.metadata_json;
    return checked;
}

Answer commit_job(ApiContext& context, const Caller& caller, CheckedJob checked,
                  const Sha256Bytes& fingerprint) {
    const auto earlier = earlier_outcome(context, checked, fingerprint);
    if (!earlier) return Fail(earlier.error());
    if (*earlier) return answer_outcome(context, checked.job, **earlier, checked.wait);
    if (auto fetched = fetch_urls(context, checked); !fetched) return Fail(fetched.error());
    auto inputs = load_inputs(context, caller, checked.uploads);
    if (!inputs) return Fail(inputs.error());
    const auto now = context.clock.now();
    ports::NewJob created;
    created.job = std::move(checked.job);
    created.job.inputs = *std::move(inputs);
    created.job.created_at = created.job.updated_at = now;
    created.uploads = std::move(checked.uploads);
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
