// Posts webhooks as the platform does, and tells the endpoint how each try ended. Several threads may run one
// sender, so that a receiver that does not answer holds up only what is behind it on its own thread.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"
#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {

class WebhookSender {
public:
    WebhookSender(Endpoint& endpoint, ports::HttpClient& client, ports::Clock& clock, ports::Random& random)
        : endpoint_(endpoint), client_(client), clock_(clock), random_(random) {}

    /// Until stop(). A post that is under way is waited for, at most until its time-out.
    void run();
    void stop();
    /// Posts everything that is due now; returns how many tries that were.
    int send_due();

private:
    int post(const Webhook& webhook);

    Endpoint& endpoint_;
    ports::HttpClient& client_;
    ports::Clock& clock_;
    ports::Random& random_;
    std::atomic<bool> stopping_{false};
};

}  // namespace darkroom::runpod::endpoint
