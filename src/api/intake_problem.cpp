#include "api/intake_problem.h"

#include <utility>

namespace darkroom::api {
namespace {

constexpr int busy_retry_after_s = 5;

// Says why, for whatever intake can refuse.
class Teller {
public:
    Problem operator()(const core::JobError& error) const { return Problem(error); }
    Problem operator()(const ports::StoreError& error) const { return Problem(error); }
    Problem operator()(const ports::ObjectError& error) const { return storage_problem(error); }
    Problem operator()(ports::UploadOutcome outcome) const { return problem_of(outcome); }
    Problem operator()(const intake::NotSent&) const {
        return {ProblemCode::upload_not_sent,
                "The bytes of this upload were never sent; PUT them to its url first."};
    }
    Problem operator()(const intake::WrongLength& length) const {
        return {ProblemCode::upload_wrong_size, "The upload was declared as " +
                                                    std::to_string(length.declared) + " bytes, but " +
                                                    std::to_string(length.sent) + " were sent."};
    }
    Problem operator()(const intake::UrlRefused& refused) const {
        return {ProblemCode::input_url_refused, refused.why};
    }
    Problem operator()(const intake::UrlFailed& failed) const {
        Problem problem(ProblemCode::input_url_failed, failed.why);
        problem.retryable = failed.retryable;
        return problem;
    }
    Problem operator()(const intake::TooBusy&) const {
        Problem problem(ProblemCode::fetches_busy,
                        "As many pictures as allowed are being fetched right now; try again soon.");
        problem.retry_after_s = busy_retry_after_s;
        return problem;
    }
};

}  // namespace

Problem problem_of(const intake::Refusal& refusal, const std::string& pointer) {
    auto problem = std::visit(Teller(), refusal);
    if (!pointer.empty() && problem.status < 500) problem.fields = {{pointer, problem.code, problem.detail}};
    return problem;
}

Problem problem_of(ports::UploadOutcome outcome) {
    switch (outcome) {
        case ports::UploadOutcome::already_complete:
            return {ProblemCode::upload_already_complete,
                    "This upload was sent before; ask for a new one to send another picture."};
        case ports::UploadOutcome::expired:
            return {ProblemCode::upload_expired, "This upload was not sent in time; ask for a new one."};
        case ports::UploadOutcome::not_found:
        case ports::UploadOutcome::completed:
            break;
    }
    return {ProblemCode::not_found, "There is no such upload."};
}

}  // namespace darkroom::api
