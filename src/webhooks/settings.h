// What the receiver of webhooks must be told.
#pragma once
#include <string>
#include <vector>

#include "ports/meters.h"
#include "runpod/protocol/callback_signature.h"

namespace darkroom::webhooks {

struct WebhookSettings {
    std::string attempt_secret;  // of core/attempt_token.h
    /// All that are valid now: the new one, and the old one during a rotation. None: no callback is believed.
    std::vector<runpod::CallbackSecret> callback_secrets;
    ports::Meters* meters = &ports::no_meters();
};

}  // namespace darkroom::webhooks
