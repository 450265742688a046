// What became of a call that asks or ends something: status, cancel, health and the rest. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "ports/http_client.h"

namespace darkroom::runpod {

enum class CallErrorKind {
    not_found,     // no such job (any more), or no such endpoint
    auth,          // pause the endpoint, tell the operator
    funds,         // likewise
    rate_limited,  // after `retry_after`
    refused,       // the server will not do it: asking again does not help
    unavailable,   // not reached, in trouble, or an answer that cannot be read: later
    stopped        // this client ends
};

struct CallError {
    CallErrorKind kind = CallErrorKind::unavailable;
    std::string detail;  // for the operator; holds no key
    Milliseconds retry_after{0};
    bool may_have_happened = false;  // sent, and no answer that tells
};

std::string_view name_of(CallErrorKind kind);

/// nullopt for 200. `secret` is taken out of whatever the server wrote.
std::optional<CallError> call_error(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer,
                                    std::string_view secret, TimePoint now);
/// The same request may help in a moment: not reached, cut, 408, 429, 5xx (52x of proxies included).
bool is_worth_repeating(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer);
/// The server could not be reached or is in trouble, which opens the circuit; a refusal is an answer.
bool is_trouble(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer);

}  // namespace darkroom::runpod
