// A worker's own callback about the end of its job. Its signature is checked over the bytes as they came,
// before any of them is read as JSON; what passes is the truth and is written down whole. Which attempt it is
// about is told by the attempt's token, or, where the payload had none, by the remote id:
//
//   signature wrong, missing, stale …    401, one answer for all
//   no such JSON                         400
//   token forged, or not this attempt's  404
//   no token, and a remote id of nobody  200, nothing is kept
//   the same message again               200, nothing is kept twice
//
// Whoever knows the callback secret still needs an attempt's token to speak for it: workers share the secret.
#pragma once
#include <atomic>
#include <optional>
#include <string>

#include "ports/http_message.h"
#include "ports/remote_job_store.h"
#include "runpod/protocol/work_callback.h"
#include "webhooks/settings.h"
#include "webhooks/tally.h"

namespace darkroom::webhooks {

inline constexpr std::uint64_t callback_body_bytes_max = runpod::work_result_bytes_max + (64u << 10);

class CallbackHook {
public:
    CallbackHook(ports::RemoteJobStore& store, const ports::Clock& clock, const WebhookSettings& settings,
                 Tally& tally)
        : store_(store), clock_(clock), settings_(settings), tally_(tally) {}

    ports::HttpRoute route(const std::string& base);

private:
    ports::HttpResponse handle(const ports::HttpRequest& request);
    std::optional<runpod::VerifiedCallback> verify(const ports::HttpRequest& request, std::string_view body);
    ports::HttpResponse take(const runpod::WorkCallback& callback, ports::InboxEntry entry,
                             const std::string& request_id);

    ports::RemoteJobStore& store_;
    const ports::Clock& clock_;
    const WebhookSettings& settings_;
    Tally& tally_;
    std::atomic<bool> told_of_no_secret_{false};
};

}  // namespace darkroom::webhooks
