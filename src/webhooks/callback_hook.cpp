#include "webhooks/callback_hook.h"

#include <strings.h>

#include "base/log.h"
#include "core/attempt_token.h"
#include "webhooks/answers.h"
#include "webhooks/request_body.h"

namespace darkroom::webhooks {
namespace {

void take_header(const ports::HttpRequest& request, std::string_view name, std::optional<std::string>& value,
                 bool& repeated) {
    for (const auto& [field, text] : request.headers) {
        if (field.size() != name.size() || ::strncasecmp(field.data(), name.data(), name.size()) != 0)
            continue;
        repeated = repeated || value.has_value();
        value = text;
    }
}

runpod::CallbackProof proof_of(const ports::HttpRequest& request) {
    runpod::CallbackProof proof;
    take_header(request, "X-Signature", proof.x_signature, proof.repeated);
    take_header(request, "webhook-id", proof.id, proof.repeated);
    take_header(request, "webhook-timestamp", proof.timestamp, proof.repeated);
    take_header(request, "webhook-signature", proof.signature, proof.repeated);
    return proof;
}

// A message without an id is known by its bytes: the same ones again say nothing new. No message id has a
// dot, so that the two cannot meet.
std::string once_of(const runpod::VerifiedCallback& verified, const Sha256Bytes& digest) {
    return verified.id ? *verified.id : "sha256." + to_hex(digest);
}

}  // namespace

ports::HttpRoute CallbackHook::route(const std::string& base) {
    ports::HttpRoute route;
    route.method = ports::HttpMethod::post;
    route.pattern = base + "/webhooks/runpod";
    // On disk until a handler is free: anybody may send this much on every connection.
    route.body = {ports::BodyPolicy::Kind::spool, callback_body_bytes_max};
    route.handle = [this](ports::HttpRequest& request) { return handle(request); };
    return route;
}

ports::HttpResponse CallbackHook::handle(const ports::HttpRequest& request) {
    auto body = whole_body(request);
    if (!body) return store_unavailable(request.id);
    const auto verified = verify(request, *body);
    if (!verified) return invalid_signature();
    const auto callback = runpod::parse_work_callback(*body);
    if (!callback) return malformed(callback.error().detail, request.id);

    ports::InboxEntry entry;
    entry.kind = ports::InboxKind::report;
    entry.remote_id = callback->remote_id.str();
    entry.tells_success = callback->result && !callback->result->duplicate;
    entry.bytes = body->size();
    entry.digest = sha256(*body);
    entry.once = once_of(*verified, entry.digest);
    entry.body = *std::move(body);
    entry.received_at = clock_.now();
    return take(*callback, std::move(entry), request.id);
}

std::optional<runpod::VerifiedCallback> CallbackHook::verify(const ports::HttpRequest& request,
                                                             std::string_view body) {
    if (settings_.callback_secrets.empty() && !told_of_no_secret_.exchange(true)) {
        log::warning("a worker's callback is refused: CALLBACK_SECRET is not set");
    }
    auto verified =
        runpod::verify_callback(settings_.callback_secrets, proof_of(request), body, clock_.now());
    if (verified) return *std::move(verified);
    tally_.count(verified.error() == runpod::SignatureError::stale ? Heard::stale_signature
                                                                   : Heard::bad_signature);
    return std::nullopt;
}

ports::HttpResponse CallbackHook::take(const runpod::WorkCallback& callback, ports::InboxEntry entry,
                                       const std::string& request_id) {
    std::optional<AttemptId> attempt;
    if (!callback.attempt_token.empty()) {
        attempt = core::read_attempt_token(callback.attempt_token, settings_.attempt_secret);
        if (!attempt) {
            tally_.count(Heard::forged_token);
            return unknown_token();
        }
    } else {
        auto found = store_.find_attempt_of(entry.remote_id);
        if (!found) return store_unavailable(request_id);
        attempt = *found;
    }
    if (!attempt) {
        tally_.count(Heard::no_token);
        return accepted();
    }
    if (callback.attempt && *callback.attempt != *attempt) {
        tally_.count(Heard::forged_token);
        return unknown_token();
    }
    entry.attempt = *attempt;
    const auto received = store_.receive(entry);
    if (!received) return store_unavailable(request_id);
    tally_.count(*received == ports::Received::stored ? Heard::report : Heard::replayed);
    log::debug("a worker reports the end of its job",
               {{"request_id", request_id}, {"attempt", attempt->str()}, {"remote_id", entry.remote_id}});
    return accepted();
}

}  // namespace darkroom::webhooks
