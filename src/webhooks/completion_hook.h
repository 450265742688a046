// RunPod's own webhook. It carries no signature, so whatever it says is a hint: it is written down, answered,
// and confirmed by asking RunPod. Its address holds the token of an attempt:
//
//   right token    always 200 once the hint is kept, however broken or large the body is
//   wrong token    404 before the body is taken; no store is touched
//   no token       200; kept if the body names a remote job that is known, once for each kind of end
//
// A body of any size costs the memory of one piece and of what is kept.
#pragma once
#include <optional>

#include "base/ids.h"
#include "ports/http_message.h"
#include "ports/remote_job_store.h"
#include "webhooks/settings.h"
#include "webhooks/tally.h"

namespace darkroom::webhooks {

inline constexpr std::size_t hint_bytes_kept = 64u << 10;
/// Without a token anybody may send it: no more is put on disk for them.
inline constexpr std::uint64_t untold_body_bytes_max = 1u << 20;

class CompletionHook {
public:
    CompletionHook(ports::RemoteJobStore& store, const ports::Clock& clock, const WebhookSettings& settings,
                   Tally& tally)
        : store_(store), clock_(clock), settings_(settings), tally_(tally) {}

    ports::HttpRoute route(const std::string& base);

private:
    struct Sender {
        bool has_token = false;
        std::optional<AttemptId> attempt;  // of a right token
    };
    Sender sender_of(const ports::HttpRequest& request) const;
    std::optional<ports::HttpResponse> check_head(const ports::HttpRequest& head);
    ports::HttpResponse handle(const ports::HttpRequest& request);
    ports::HttpResponse handle_without_token(ports::InboxEntry entry, const std::string& request_id);
    ports::HttpResponse keep(const ports::InboxEntry& entry, const std::string& request_id);
    ports::InboxEntry read_hint(const ports::HttpRequest& request) const;

    ports::RemoteJobStore& store_;
    const ports::Clock& clock_;
    const WebhookSettings& settings_;
    Tally& tally_;
};

}  // namespace darkroom::webhooks
