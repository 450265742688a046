#include "core/error_code.h"

#include "base/check.h"

namespace darkroom::core {
namespace {

using enum RetryRule;

constexpr ErrorTraits table[] = {
    {ErrorCode::input_unreadable, "input_unreadable", never, false, "The picture could not be read."},
    {ErrorCode::input_unsupported_format, "input_unsupported_format", never, false,
     "The file is not a picture of a supported format."},
    {ErrorCode::input_too_large, "input_too_large", never, false, "The picture is larger than allowed."},
    {ErrorCode::input_too_small, "input_too_small", never, false, "The picture is smaller than allowed."},
    {ErrorCode::input_animated, "input_animated", never, false, "Animated pictures are not supported."},
    {ErrorCode::input_missing, "input_missing", never, false, "The uploaded picture is no longer there."},
    {ErrorCode::input_changed, "input_changed", never, false,
     "The uploaded picture was replaced after the job was created."},
    {ErrorCode::no_subject, "no_subject", never, false, "No subject was found in the picture."},
    {ErrorCode::region_missing, "region_missing", never, false, "Nothing says what is to be removed."},
    {ErrorCode::region_out_of_bounds, "region_out_of_bounds", never, false,
     "The region lies outside of the picture."},
    {ErrorCode::region_too_large, "region_too_large", never, false,
     "The region covers more of the picture than allowed."},
    {ErrorCode::mask_size_mismatch, "mask_size_mismatch", never, false,
     "The mask is not of the picture's size."},
    {ErrorCode::compliance_failed, "compliance_failed", never, false,
     "The result could not be made to keep the rules asked for."},
    {ErrorCode::params_invalid, "params_invalid", never, false, "The params do not fit this picture."},
    {ErrorCode::recipe_not_found, "recipe_not_found", never, false, "No recipe can do this job."},
    {ErrorCode::model_unavailable, "model_unavailable", until_last, true,
     "The worker has not got what the recipe needs."},
    {ErrorCode::workflow_rejected, "workflow_rejected", never, false,
     "ComfyUI refused the recipe's workflow."},
    {ErrorCode::backend_unavailable, "backend_unavailable", until_last, true,
     "The backend could not be reached."},
    {ErrorCode::output_missing, "output_missing", once, true, "The work ended without a result."},
    {ErrorCode::output_invalid, "output_invalid", once, true, "The result is not a valid picture."},
    {ErrorCode::storage_unavailable, "storage_unavailable", until_last, true,
     "The storage could not be reached."},
    {ErrorCode::storage_full, "storage_full", until_last, true, "The storage is full."},
    {ErrorCode::remote_result_lost, "remote_result_lost", until_last, true,
     "The work was done or lost elsewhere, and its result could not be found."},
    {ErrorCode::timeout, "timeout", once, true, "The work took longer than allowed."},
    {ErrorCode::worker_crashed, "worker_crashed", once, true, "The worker crashed on this picture."},
    {ErrorCode::worker_oom, "worker_oom", once, true, "The worker ran out of memory on this picture."},
    {ErrorCode::interrupted, "interrupted", not_counted, true,
     "Darkroom was stopped while it worked on this picture."},
    {ErrorCode::cancelled, "cancelled", never, false, "The job was cancelled."},
    {ErrorCode::internal, "internal", once, true, "Something went wrong inside Darkroom."},
};
static_assert(std::size(table) == error_code_count);

}  // namespace

const ErrorTraits& traits(ErrorCode code) {
    const auto& row = table[static_cast<int>(code)];
    DR_CHECK(row.code == code);
    return row;
}

std::string_view to_string(ErrorCode code) { return traits(code).name; }

std::optional<ErrorCode> parse_error_code(std::string_view name) {
    for (const auto& row : table) {
        if (row.name == name) return row.code;
    }
    return std::nullopt;
}

JobError plain_error(ErrorCode code) { return {code, std::string(traits(code).message)}; }

}  // namespace darkroom::core
