#include "runpod/endpoint/webhook_schedule.h"

#include <array>

namespace darkroom::runpod::endpoint {
namespace {

// Between tries: seen at 0 s, +5 s and +20 s.
constexpr std::array<Milliseconds, 2> pauses{Milliseconds(5'000), Milliseconds(15'000)};

}  // namespace

void WebhookSchedule::add(Webhook webhook, Instant due) { waiting_.emplace(due, std::move(webhook)); }

std::optional<Webhook> WebhookSchedule::take_due(Instant now) {
    if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
    auto webhook = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    ++webhook.tries;
    return webhook;
}

bool WebhookSchedule::failed(Webhook webhook, Instant now) {
    if (webhook.tries > int(pauses.size())) return false;
    const auto pause = pauses[std::size_t(webhook.tries - 1)];
    const auto scaled = std::chrono::duration<double, std::milli>(double(pause.count()) / time_scale_);
    add(std::move(webhook), now + std::chrono::round<Milliseconds>(scaled));
    return true;
}

std::optional<Instant> WebhookSchedule::next_due() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

}  // namespace darkroom::runpod::endpoint
