// What a client is told when a request is not granted: application/problem+json (RFC 9457) with a stable
// `code`. This is the one table from everything that can go wrong to an HTTP status; secrets and operators'
// details never get in here.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error_code.h"
#include "core/job_machine.h"
#include "ports/http_message.h"
#include "ports/job_store.h"
#include "ports/object_store.h"

namespace darkroom::api {

enum class ProblemCode {
    malformed_json,
    malformed_multipart,
    bad_cursor,
    bad_filter,
    bad_header,
    unauthenticated,
    forbidden,
    url_invalid,
    not_found,
    already_terminal,
    not_retryable,
    not_ended,
    attempt_without_result,
    not_for_chains,
    upload_already_complete,
    upload_in_progress,
    upload_expired,
    url_expired,
    too_large,
    unsupported_media_type,
    validation_failed,
    unknown_field,
    params_unknown_field,
    params_version_unsupported,
    unknown_type,
    chain_invalid,
    recipe_disabled,
    licence_blocked,
    input_unused,
    upload_not_found,
    upload_not_sent,
    upload_wrong_size,
    input_url_refused,
    input_url_failed,
    inputs_removed,
    idempotency_key_reused,
    too_many_failures,
    fetches_busy,
    store_unavailable,
    store_broken,
    storage_unavailable,
    storage_full,
    internal
};
inline constexpr int problem_code_count = 43;

struct ProblemTraits {
    ProblemCode code;
    std::string_view name;
    int status;
    std::string_view title;
    bool retryable;
};
const ProblemTraits& traits(ProblemCode code);

/// One field of the request that is wrong. `pointer` is RFC 6901 into the body.
struct FieldProblem {
    std::string pointer;
    std::string code;
    std::string detail;
};

/// The sentence for a field that is not one of `known`, with the one that was probably meant.
std::string unknown_field_sentence(std::string_view name, std::span<const std::string_view> known);

struct Problem {
    Problem(ProblemCode problem_code, std::string problem_detail);
    /// A picture refused at the door: the job error's own code, with the status that fits it.
    explicit Problem(const core::JobError& input_error);
    explicit Problem(const ports::StoreError& error);
    /// The request's fields; the first one's code becomes the problem's.
    explicit Problem(std::vector<FieldProblem> fields);

    int status;
    std::string code;
    std::string title;
    std::string detail;
    bool retryable = false;
    std::vector<FieldProblem> fields;
    std::optional<core::Status> job_status;
    std::optional<int> retry_after_s;
};

/// The client is told that the storage is in the way, the operator why: nobody else will tell them, because
/// what the storage refuses to a request need not keep a dispatcher from its work.
Problem storage_problem(const ports::ObjectError& error);

ports::HttpResponse to_response(const Problem& problem, const std::string& request_id);

/// The same shape for what the server refuses before any handler runs.
ports::HttpResponse respond_error(int status, std::string_view code, std::string_view detail,
                                  const std::string& request_id);

}  // namespace darkroom::api
