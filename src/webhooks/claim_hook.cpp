#include "webhooks/claim_hook.h"

#include "base/check.h"
#include "core/attempt_token.h"
#include "runpod/protocol/work_callback.h"
#include "webhooks/answers.h"

namespace darkroom::webhooks {
namespace {

ports::HttpResponse answer_of(ports::ClaimAnswer answer) {
    switch (answer) {
        case ports::ClaimAnswer::granted:
            return accepted();
        case ports::ClaimAnswer::taken:
            return claim_denied(409, "taken");
        case ports::ClaimAnswer::unwanted:
            return claim_denied(410, "unwanted");
        case ports::ClaimAnswer::unknown:
            return unknown_token();
    }
    DR_CHECK(false);
}

}  // namespace

ports::HttpRoute ClaimHook::route(const std::string& base) {
    ports::HttpRoute route;
    route.method = ports::HttpMethod::post;
    route.pattern = base + "/webhooks/runpod/claims";
    route.body = {ports::BodyPolicy::Kind::buffer, runpod::work_claim_bytes_max};
    route.handle = [this](ports::HttpRequest& request) { return handle(request); };
    return route;
}

ports::HttpResponse ClaimHook::handle(const ports::HttpRequest& request) {
    const auto claim = runpod::parse_work_claim(request.body);
    if (!claim) return malformed(claim.error().detail, request.id);
    const auto attempt = core::read_attempt_token(claim->attempt_token, settings_.attempt_secret);
    if (!attempt) {
        tally_.count(Heard::forged_token);
        return unknown_token();
    }
    const auto answer = store_.claim_work(*attempt, claim->remote_id.str(), claim->worker_id, clock_.now());
    if (!answer) return store_unavailable(request.id);
    tally_.count(Heard::claim);
    return answer_of(*answer);
}

}  // namespace darkroom::webhooks
