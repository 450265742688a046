#include "webhooks/completion_hook.h"

#include <limits>

#include "base/log.h"
#include "core/attempt_token.h"
#include "runpod/protocol/job_object.h"
#include "webhooks/answers.h"
#include "webhooks/request_body.h"

namespace darkroom::webhooks {
namespace {

// No message id has a dot, so a signed one can never be the same.
std::string once_without_token(const ports::InboxEntry& entry) {
    return "hint." + entry.remote_id + (entry.tells_success ? ".completed" : ".ended");
}

}  // namespace

ports::HttpRoute CompletionHook::route(const std::string& base) {
    ports::HttpRoute route;
    route.method = ports::HttpMethod::post;
    route.pattern = base + "/webhooks/runpod-completion";
    // No limit of its own here, because the server would answer 413: RunPod would send it again, and the hint
    // would be lost. check_head() answers what is too large.
    route.body = {ports::BodyPolicy::Kind::spool, std::numeric_limits<std::uint64_t>::max()};
    route.check_head = [this](const ports::HttpRequest& head, std::uint64_t&) { return check_head(head); };
    route.handle = [this](ports::HttpRequest& request) { return handle(request); };
    return route;
}

CompletionHook::Sender CompletionHook::sender_of(const ports::HttpRequest& request) const {
    Sender sender;
    int tokens = 0;
    for (const auto& [name, value] : request.query) {
        if (name != "token") continue;
        ++tokens;
        sender.attempt = core::read_attempt_token(value, settings_.attempt_secret);
    }
    sender.has_token = tokens > 0;
    if (tokens > 1) sender.attempt.reset();  // which one counts is anybody's guess
    return sender;
}

std::optional<ports::HttpResponse> CompletionHook::check_head(const ports::HttpRequest& head) {
    const auto sender = sender_of(head);
    if (sender.has_token && !sender.attempt) {
        tally_.count(Heard::forged_token);
        return unknown_token();
    }
    const auto bytes_max =
        sender.attempt ? runpod::webhook_limits.body_bytes_max : std::size_t{untold_body_bytes_max};
    if (head.content_length <= bytes_max) return std::nullopt;
    tally_.count(Heard::too_large);
    if (!sender.attempt) return accepted();
    ports::InboxEntry entry;
    entry.attempt = *sender.attempt;
    entry.bytes = head.content_length;
    entry.received_at = clock_.now();
    return keep(entry, head.id);
}

ports::HttpResponse CompletionHook::handle(const ports::HttpRequest& request) {
    const auto sender = sender_of(request);
    auto entry = read_hint(request);
    if (!sender.attempt) return handle_without_token(std::move(entry), request.id);
    entry.attempt = *sender.attempt;
    if (entry.remote_id.empty()) tally_.count(Heard::unreadable);
    return keep(entry, request.id);
}

/// Whoever sent it knows at most a remote id, so nothing but a look at that very job may come of it.
ports::HttpResponse CompletionHook::handle_without_token(ports::InboxEntry entry,
                                                         const std::string& request_id) {
    if (entry.remote_id.empty()) {
        tally_.count(Heard::no_token);
        return accepted();
    }
    const auto attempt = store_.find_attempt_of(entry.remote_id);
    if (!attempt) return store_unavailable(request_id);
    if (!*attempt) {
        tally_.count(Heard::no_token);
        return accepted();
    }
    entry.attempt = **attempt;
    entry.once = once_without_token(entry);
    return keep(entry, request_id);
}

ports::HttpResponse CompletionHook::keep(const ports::InboxEntry& entry, const std::string& request_id) {
    const auto received = store_.receive(entry);
    if (!received) return store_unavailable(request_id);
    tally_.count(*received == ports::Received::stored ? Heard::hint : Heard::replayed);
    log::debug("a webhook says that a remote job has ended", {{"request_id", request_id},
                                                              {"attempt", entry.attempt.str()},
                                                              {"remote_id", entry.remote_id},
                                                              {"bytes", entry.bytes}});
    return accepted();
}

ports::InboxEntry CompletionHook::read_hint(const ports::HttpRequest& request) const {
    ports::InboxEntry entry;
    entry.received_at = clock_.now();
    Sha256 digest;
    runpod::JobObjectReader reader(runpod::webhook_limits);
    bool readable = true;
    const bool whole = read_body(request, [&](std::string_view piece) {
        digest.update(piece);
        entry.bytes += piece.size();
        entry.body.append(piece.substr(0, hint_bytes_kept - entry.body.size()));
        readable = readable && reader.feed(piece);
    });
    entry.digest = digest.finish();
    if (!whole) return entry;
    if (const auto job = reader.finish()) {
        entry.remote_id = job->id.str();
        entry.tells_success = job->state == runpod::JobState::completed;
    }
    return entry;
}

}  // namespace darkroom::webhooks
