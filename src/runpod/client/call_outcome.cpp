#include "runpod/client/call_outcome.h"

#include "runpod/client/retry_after.h"
#include "runpod/client/server_words.h"

namespace darkroom::runpod {
namespace {

using ports::FetchError;

CallErrorKind kind_of(const ports::FetchedAnswer& answer) {
    if (speaks_of_funds(answer)) return CallErrorKind::funds;
    if (answer.status == 401 || answer.status == 403) return CallErrorKind::auth;
    if (answer.status == 404 || answer.status == 410) return CallErrorKind::not_found;
    if (answer.status == 429) return CallErrorKind::rate_limited;
    if (answer.status == 408 || answer.status >= 500 || answer.status < 300)
        return CallErrorKind::unavailable;
    return CallErrorKind::refused;
}

CallError error_of(const ports::FetchFailure& failure, std::string_view secret) {
    CallError error;
    error.detail = describe_failure(failure, secret);
    if (failure.kind == FetchError::bad_url) error.kind = CallErrorKind::refused;
    if (failure.kind == FetchError::stopped) error.kind = CallErrorKind::stopped;
    error.may_have_happened = failure.kind == FetchError::interrupted ||
                              failure.kind == FetchError::stopped ||
                              failure.kind == FetchError::answer_too_large;
    return error;
}

}  // namespace

std::string_view name_of(CallErrorKind kind) {
    switch (kind) {
        case CallErrorKind::not_found:
            return "not_found";
        case CallErrorKind::auth:
            return "auth";
        case CallErrorKind::funds:
            return "funds";
        case CallErrorKind::rate_limited:
            return "rate_limited";
        case CallErrorKind::refused:
            return "refused";
        case CallErrorKind::unavailable:
            return "unavailable";
        case CallErrorKind::stopped:
            return "stopped";
    }
    return "unavailable";
}

std::optional<CallError> call_error(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer,
                                    std::string_view secret, TimePoint now) {
    if (!answer) return error_of(answer.error(), secret);
    if (answer->status == 200) return std::nullopt;
    CallError error;
    error.kind = kind_of(*answer);
    error.detail = describe_answer(*answer, secret);
    error.retry_after = retry_after_of(answer->headers, now).value_or(Milliseconds(0));
    error.may_have_happened = answer->status >= 500 || answer->status < 300;
    return error;
}

bool is_worth_repeating(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer) {
    if (!answer) {
        const auto kind = answer.error().kind;
        return kind == FetchError::unreachable || kind == FetchError::timed_out ||
               kind == FetchError::interrupted || kind == FetchError::tls;
    }
    return answer->status == 408 || answer->status == 429 || answer->status >= 500;
}

bool is_trouble(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer) {
    if (!answer) return is_worth_repeating(answer);
    return answer->status == 408 || answer->status >= 500;
}

}  // namespace darkroom::runpod
