// What became of a submit. The one question that matters is whether a job may be running that nobody knows
// the name of: /run takes no idempotency key, so a repeated submit is a second GPU run. Pure.
//
//   submitted          2xx with an id that is one
//   refused for sure   nothing was queued: not connected (DNS, TCP, TLS), 400 401 402 403 404 405 408 410 411
//   413 414
//                      415 422 429 431, or a redirect
//   ambiguous          everything else: sent and no answer, 5xx, 2xx that cannot be read, other statuses
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "ports/http_client.h"
#include "runpod/protocol/submit.h"

namespace darkroom::runpod {

struct Submitted {
    RemoteJobId id;
};

enum class RefusalKind {
    rate_limited,  // try again after `retry_after`; costs no attempt
    auth,          // the key is wrong: pause the endpoint, tell the operator; costs no attempt
    funds,         // likewise: the account is empty
    bad_payload,   // the same payload is refused again: give up
    not_found,     // no such endpoint: pause it, tell the operator
    unreachable    // nothing was sent: try again after `retry_after`; costs no attempt
};

struct RefusedForSure {
    RefusalKind kind = RefusalKind::unreachable;
    std::string why;  // for the operator; holds no key
    Milliseconds retry_after{0};
};

/// Must not be repeated before the attempt was looked for.
struct Ambiguous {
    std::string why;  // for the operator; holds no key
};

using SubmitOutcome = std::variant<Submitted, RefusedForSure, Ambiguous>;

std::string_view name_of(RefusalKind kind);

/// `secret` is taken out of whatever the server wrote.
SubmitOutcome submit_outcome(const Result<ports::FetchedAnswer, ports::FetchFailure>& answer,
                             std::string_view secret, TimePoint now);

}  // namespace darkroom::runpod
