#include "api/problem.h"

#include "base/check.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/nearest.h"

namespace darkroom::api {
namespace {

using enum ProblemCode;

constexpr ProblemTraits table[] = {
    {malformed_json, "malformed_json", 400, "The body is not valid JSON", false},
    {malformed_multipart, "malformed_multipart", 400, "The body is not valid multipart/form-data", false},
    {bad_cursor, "bad_cursor", 400, "The cursor is not valid here", false},
    {bad_filter, "bad_filter", 400, "The filter is not valid", false},
    {bad_header, "bad_header", 400, "A header is not valid", false},
    {unauthenticated, "unauthenticated", 401, "A valid API key is needed", false},
    {forbidden, "forbidden", 403, "This key may not do that", false},
    {url_invalid, "url_invalid", 403, "The URL was not made by this server", false},
    {not_found, "not_found", 404, "There is no such thing", false},
    {already_terminal, "already_terminal", 409, "The job has already ended", false},
    {not_retryable, "not_retryable", 409, "The job cannot be retried now", false},
    {not_ended, "not_ended", 409, "The job has not ended yet", true},
    {attempt_without_result, "attempt_without_result", 409, "The attempt has no result to show", false},
    {not_for_chains, "not_for_chains", 409, "A chain and its steps are steered together", false},
    {upload_already_complete, "upload_already_complete", 409, "The upload is already complete", false},
    {upload_in_progress, "upload_in_progress", 409, "The upload is being sent already", true},
    {upload_expired, "upload_expired", 410, "The upload has expired", false},
    {url_expired, "url_expired", 410, "The URL has expired", false},
    {too_large, "too_large", 413, "The body is too large", false},
    {unsupported_media_type, "unsupported_media_type", 415, "This media type is not accepted here", false},
    {validation_failed, "validation_failed", 422, "The request is not valid", false},
    {unknown_field, "unknown_field", 422, "The request has a field that does not exist", false},
    {params_unknown_field, "params_unknown_field", 422, "The type has no such param", false},
    {params_version_unsupported, "params_version_unsupported", 422, "The type has no such version of params",
     false},
    {unknown_type, "unknown_type", 422, "There is no such job type", false},
    {chain_invalid, "chain_invalid", 422, "The steps of the chain do not fit together", false},
    {recipe_disabled, "recipe_disabled", 422, "The recipe is disabled", false},
    {licence_blocked, "licence_blocked", 422, "A licence does not allow the recipe here", false},
    {input_unused, "input_unused", 422, "The job does not look at this input", false},
    {upload_not_found, "upload_not_found", 422, "There is no such upload", false},
    {upload_not_sent, "upload_not_sent", 422, "The upload was never sent", false},
    {upload_wrong_size, "upload_wrong_size", 422, "The upload has another size than declared", false},
    {input_url_refused, "input_url_refused", 422, "The URL of an input may not be fetched", false},
    {input_url_failed, "input_url_failed", 422, "The URL of an input gave no picture", false},
    {inputs_removed, "inputs_removed", 410, "The inputs of the job are no longer kept", false},
    {idempotency_key_reused, "idempotency_key_reused", 422, "The idempotency key belongs to another request",
     false},
    {too_many_failures, "too_many_failures", 429, "Too many failed attempts", true},
    {fetches_busy, "fetches_busy", 503, "Too many pictures are being fetched", true},
    {store_unavailable, "store_unavailable", 503, "The database is not available", true},
    {store_broken, "store_broken", 503, "The database needs an operator", false},
    {storage_unavailable, "storage_unavailable", 503, "The storage is not available", true},
    {storage_full, "storage_full", 507, "The storage is full", true},
    {internal, "internal", 500, "Something went wrong inside Darkroom", true},
};
static_assert(std::size(table) == problem_code_count);

int status_of(core::ErrorCode code) {
    switch (code) {
        case core::ErrorCode::input_too_large:
            return 413;
        case core::ErrorCode::input_unsupported_format:
        case core::ErrorCode::input_animated:
            return 415;
        default:
            return 422;
    }
}

ProblemCode code_of(ports::StoreErrorKind kind) {
    switch (kind) {
        case ports::StoreErrorKind::full:
            return storage_full;
        case ports::StoreErrorKind::broken:
            return store_broken;
        case ports::StoreErrorKind::unavailable:
            break;
    }
    return store_unavailable;
}

ProblemCode code_of(ports::ObjectErrorKind kind) {
    switch (kind) {
        case ports::ObjectErrorKind::missing:
            return not_found;
        case ports::ObjectErrorKind::full:
            return storage_full;
        case ports::ObjectErrorKind::changed:
        case ports::ObjectErrorKind::unavailable:
        case ports::ObjectErrorKind::denied:
        case ports::ObjectErrorKind::misconfigured:
            break;
    }
    return storage_unavailable;
}

std::string joined(const std::vector<FieldProblem>& fields) {
    DR_CHECK(!fields.empty());
    std::string detail = fields.front().detail;
    if (fields.size() > 1) detail += " (and " + std::to_string(fields.size() - 1) + " more)";
    return detail;
}

ports::HttpResponse problem_response(int status, std::string body) {
    ports::HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}};
    response.body = std::move(body);
    return response;
}

}  // namespace

const ProblemTraits& traits(ProblemCode code) {
    const auto& row = table[static_cast<int>(code)];
    DR_CHECK(row.code == code);
    return row;
}

std::string unknown_field_sentence(std::string_view name, std::span<const std::string_view> known) {
    constexpr std::size_t shown_bytes_max = 64;
    auto sentence = "There is no field \"" + std::string(name.substr(0, shown_bytes_max)) + "\".";
    if (const auto nearest = nearest_word(name, known))
        sentence += " Did you mean \"" + std::string(*nearest) + "\"?";
    return sentence;
}

Problem::Problem(ProblemCode problem_code, std::string problem_detail)
    : status(traits(problem_code).status),
      code(traits(problem_code).name),
      title(traits(problem_code).title),
      detail(std::move(problem_detail)),
      retryable(traits(problem_code).retryable) {
    if (status == 503 || status == 507) retry_after_s = 5;
}

Problem::Problem(const core::JobError& input_error)
    : status(status_of(input_error.code)),
      code(core::to_string(input_error.code)),
      title("The picture cannot be used"),
      detail(input_error.message) {}

Problem::Problem(const ports::StoreError& error)
    : Problem(code_of(error.kind),
              std::string(traits(code_of(error.kind)).title) + "; nothing was changed.") {}

Problem::Problem(std::vector<FieldProblem> wrong) : Problem(validation_failed, joined(wrong)) {
    code = wrong.front().code;
    fields = std::move(wrong);
}

Problem storage_problem(const ports::ObjectError& error) {
    // What is missing is nobody's fault: links live longer than the retention of what they lead to.
    if (error.kind != ports::ObjectErrorKind::missing)
        log::warning("the storage refused a request", {{"detail", error.detail}});
    const auto code = code_of(error.kind);
    return {code, std::string(traits(code).title) + "."};
}

ports::HttpResponse to_response(const Problem& problem, const std::string& request_id) {
    JsonWriter json;
    json.begin_object()
        .member("type", "/docs/errors#" + problem.code)
        .member("title", problem.title)
        .member("status", problem.status)
        .member("detail", problem.detail)
        .member("code", problem.code)
        .member("request_id", request_id)
        .member("retryable", problem.retryable);
    if (problem.job_status) json.member("job_status", core::to_string(*problem.job_status));
    if (!problem.fields.empty()) {
        json.member("pointer", problem.fields.front().pointer).key("errors").begin_array();
        for (const auto& field : problem.fields) {
            json.begin_object()
                .member("pointer", field.pointer)
                .member("code", field.code)
                .member("detail", field.detail)
                .end_object();
        }
        json.end_array();
    }
    json.end_object();
    auto response = problem_response(problem.status, json.take());
    if (problem.retry_after_s)
        response.headers.emplace_back("Retry-After", std::to_string(*problem.retry_after_s));
    if (problem.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

ports::HttpResponse respond_error(int status, std::string_view code, std::string_view detail,
                                  const std::string& request_id) {
    JsonWriter json;
    json.begin_object()
        .member("type", "about:blank")
        .member("title", "The request was refused")
        .member("status", status)
        .member("detail", detail)
        .member("code", code)
        .member("request_id", request_id)
        .member("retryable", status == 500 || status == 503 || status == 507)
        .end_object();
    return problem_response(status, json.take());
}

}  // namespace darkroom::api
