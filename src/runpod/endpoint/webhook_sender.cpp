#include "runpod/endpoint/webhook_sender.h"

#include <algorithm>
#include <array>

#include "base/digest.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr Milliseconds look_again_after{500};
constexpr std::uint64_t answer_bytes_max = 1u << 20;

// https://www.w3.org/TR/trace-context/: version, trace, span, flags.
std::string trace_parent(ports::Random& random) {
    std::array<std::uint8_t, 24> bytes{};
    random.fill(bytes);
    const auto hex = to_hex(bytes);
    return "00-" + hex.substr(0, 32) + "-" + hex.substr(32) + "-01";
}

}  // namespace

void WebhookSender::run() {
    const std::shared_ptr<ports::WakeUp> wake_up = clock_.make_wake_up();
    const auto seat = endpoint_.waiting_room().subscribe(topic_of_webhooks(), [wake_up] { wake_up->set(); });
    while (!stopping_) {
        send_due();
        const auto latest = clock_.monotonic() + look_again_after;
        wake_up->wait_until(std::min(latest, endpoint_.next_webhook().value_or(latest)));
    }
}

void WebhookSender::stop() {
    stopping_ = true;
    endpoint_.waiting_room().notify(topic_of_webhooks());
}

int WebhookSender::send_due() {
    int tries = 0;
    while (!stopping_) {
        auto webhook = endpoint_.take_webhook();
        if (!webhook) break;
        const int status = post(*webhook);
        endpoint_.webhook_ended(*std::move(webhook), status);
        ++tries;
    }
    return tries;
}

int WebhookSender::post(const Webhook& webhook) {
    ports::OutgoingRequest request;
    request.method = ports::HttpMethod::post;
    request.url = webhook.url;
    request.headers = {{"Content-Type", "application/json"},
                       {"User-Agent", "Go-http-client/2.0"},
                       {"traceparent", trace_parent(random_)}};
    request.body = *webhook.body;
    request.total_timeout = endpoint_.settings().webhook_timeout;
    request.answer_bytes_max = answer_bytes_max;
    const auto answer = client_.fetch(request);
    return answer ? answer->status : 0;
}

}  // namespace darkroom::runpod::endpoint
