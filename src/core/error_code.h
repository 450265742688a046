// Every reason for which a job can fail, with what Darkroom does about it. The names are stable: apps switch
// on them. What the API answers for a request that never became a job is api/problem.h's table, not this one.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace darkroom::core {

enum class ErrorCode {
    input_unreadable,
    input_unsupported_format,
    input_too_large,
    input_too_small,
    input_animated,
    input_missing,
    input_changed,
    no_subject,
    region_missing,
    region_out_of_bounds,
    region_too_large,
    mask_size_mismatch,
    compliance_failed,
    params_invalid,
    recipe_not_found,
    model_unavailable,
    workflow_rejected,
    backend_unavailable,
    output_missing,
    output_invalid,
    storage_unavailable,
    storage_full,
    remote_result_lost,
    timeout,
    worker_crashed,
    worker_oom,
    interrupted,
    cancelled,
    internal,
};
inline constexpr int error_code_count = 29;

/// What is done after an attempt failed with a code.
enum class RetryRule {
    never,       // the same input fails again: give up at once
    once,        // may have been bad luck: one more try
    until_last,  // the world may get better: up to the job's limit of attempts, with growing pauses
    not_counted  // Darkroom stopped the work itself: again at once, and it costs the job no attempt
};

struct ErrorTraits {
    ErrorCode code;
    std::string_view name;  // as on the wire and in the database
    RetryRule retry;
    bool retryable;            // what the app is told: could the same request succeed later?
    std::string_view message;  // used where nothing more precise is known
};

const ErrorTraits& traits(ErrorCode code);
std::string_view to_string(ErrorCode code);
std::optional<ErrorCode> parse_error_code(std::string_view name);

/// Why a job or attempt failed, in words for its owner.
struct JobError {
    ErrorCode code = ErrorCode::internal;
    std::string message;
    bool operator==(const JobError&) const = default;
};
/// With the code's own message.
JobError plain_error(ErrorCode code);

}  // namespace darkroom::core
