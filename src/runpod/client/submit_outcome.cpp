#include "runpod/client/submit_outcome.h"

#include <optional>

#include "runpod/client/retry_after.h"
#include "runpod/client/server_words.h"

namespace darkroom::runpod {
namespace {

using ports::FetchError;

std::optional<RefusalKind> refusal_of(const ports::FetchedAnswer& answer) {
    if (speaks_of_funds(answer)) return RefusalKind::funds;
    switch (answer.status) {
        case 401:
        case 403:
            return RefusalKind::auth;
        case 400:
        case 411:
        case 413:
        case 414:
        case 415:
        case 422:
        case 431:
            return RefusalKind::bad_payload;
        case 404:
        case 405:
        case 410:
            return RefusalKind::not_found;
        case 408:  // the server says that it never had the whole request
            return RefusalKind::unreachable;
        case 429:
            return RefusalKind::rate_limited;
        default:
            break;
    }
    // Redirects are not followed, because the key would go along: the base URL is wrong.
    if (answer.status >= 300 && answer.status < 400) return RefusalKind::not_found;
    return std::nullopt;
}

SubmitOutcome outcome_of(const ports::FetchFailure& failure, std::string_view secret) {
    auto why = describe_failure(failure, secret);
    switch (failure.kind) {
        case FetchError::bad_url:
            return RefusedForSure{RefusalKind::not_found, std::move(why)};
        case FetchError::unreachable:
        case FetchError::timed_out:  // before anything was sent
        case FetchError::tls:
        case FetchError::withheld:
            return RefusedForSure{RefusalKind::unreachable, std::move(why)};
        case FetchError::interrupted:
        case FetchError::answer_too_large:
        case FetchError::stopped:
            break;
    }
    return Ambiguous{std::move(why)};
}

}  // namespace

std::string_view name_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::rate_limited:
            return "rate_limited";
        case RefusalKind::auth:
            return "auth";
        case RefusalKind::funds:
            return "funds";
        case RefusalKind::bad_payload:
            return "bad_payload";
        case RefusalKind::not_found:
            return "not_found";
        case RefusalKind::unreachable:
            return "unreachable";
    }
    return "unreachable";
}

SubmitOutcome submit_outcome(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer,
                             std::string_view secret, TimePoint now) {
    if (!answer) return outcome_of(answer.error(), secret);
    if (answer->status >= 200 && answer->status < 300) {
        auto read = parse_submit_answer(answer->body);
        if (read) return Submitted{std::move(read->id)};
        return Ambiguous{"HTTP " + std::to_string(answer->status) + ", but " + read.error().detail};
    }
    auto why = describe_answer(*answer, secret);
    const auto refusal = refusal_of(*answer);
    if (!refusal) return Ambiguous{std::move(why)};
    const auto wait = retry_after_of(answer->headers, now);
    return RefusedForSure{*refusal, std::move(why), wait.value_or(Milliseconds(0))};
}

}  // namespace darkroom::runpod
