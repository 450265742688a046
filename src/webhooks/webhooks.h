// What RunPod and its workers tell Darkroom over HTTP, at three addresses: each with no prefix, under
// /api/v1, and under /api. A message is stored before it is answered 200, and worked off later by whoever
// reads the inbox (dispatch); nothing here changes a job. Tokens and bodies never reach the log.
#pragma once
#include <cstdint>
#include <vector>

#include "webhooks/callback_hook.h"
#include "webhooks/claim_hook.h"
#include "webhooks/completion_hook.h"

namespace darkroom::webhooks {

class Webhooks {
public:
    Webhooks(ports::RemoteJobStore& store, const ports::Clock& clock, WebhookSettings settings)
        : settings_(std::move(settings)),
          tally_(clock, *settings_.meters),
          completion_(store, clock, settings_, tally_),
          callback_(store, clock, settings_, tally_),
          claim_(store, clock, settings_, tally_) {}
    Webhooks(const Webhooks&) = delete;
    Webhooks& operator=(const Webhooks&) = delete;

    /// The routes refer to this object, which must outlive the server.
    std::vector<ports::HttpRoute> routes();
    /// Since the start. Any thread.
    std::int64_t count_of(Heard what) const { return tally_.of(what); }

private:
    WebhookSettings settings_;
    Tally tally_;
    CompletionHook completion_;
    CallbackHook callback_;
    ClaimHook claim_;
};

}  // namespace darkroom::webhooks
