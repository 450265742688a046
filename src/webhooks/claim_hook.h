// A worker asks, before it works, whether the attempt is its to do (runpod/protocol/work_callback.h). The
// attempt's token is the proof; the store decides, so that of two remote jobs of one attempt one works.
//
//   200 {"ok":true} · 409 {"claim":"taken"} · 410 {"claim":"unwanted"} · 404 forged, or not known
#pragma once
#include "ports/http_message.h"
#include "ports/remote_job_store.h"
#include "webhooks/settings.h"
#include "webhooks/tally.h"

namespace darkroom::webhooks {

class ClaimHook {
public:
    ClaimHook(ports::RemoteJobStore& store, const ports::Clock& clock, const WebhookSettings& settings,
              Tally& tally)
        : store_(store), clock_(clock), settings_(settings), tally_(tally) {}

    ports::HttpRoute route(const std::string& base);

private:
    ports::HttpResponse handle(const ports::HttpRequest& request);

    ports::RemoteJobStore& store_;
    const ports::Clock& clock_;
    const WebhookSettings& settings_;
    Tally& tally_;
};

}  // namespace darkroom::webhooks
