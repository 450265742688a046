// Which webhooks an end causes, and what faults make of them.
#include "runpod/endpoint/endpoint.h"

namespace darkroom::runpod::endpoint {
namespace {

constexpr Milliseconds contradiction_after{200};

}  // namespace

void Endpoint::schedule_webhooks(Job& job, Instant now) {
    if (!job.request.webhook) return;
    if (job.state == JobState::cancelled && !settings_.webhook_when_cancelled) return;
    const auto view = view_of(job, now);
    const auto& url = *job.request.webhook;
    auto body = write_webhook_body(view, job.request.input_json, url);
    if (fires("webhook_forge", job.id)) {
        auto forged = view;
        forged.id = RemoteJobId::parse(new_id(false)).value_or(RemoteJobId{});
        forged.state = JobState::completed;
        forged.error.reset();
        forged.output_json = R"({"files":[{"role":"main","key":"../../etc/passwd","bytes":1}]})";
        schedule(job, write_webhook_body(forged, job.request.input_json, url), "forged", now);
    }
    if (fires("webhook_drop", job.id)) return;
    auto due = now;
    if (const auto delay = fires("webhook_delay", job.id)) due += Milliseconds(*delay);
    if (const auto most = fires("webhook_reorder", job.id))
        due += Milliseconds(std::int64_t(random_.number() % std::uint64_t(*most + 1)));
    if (const auto hidden = fires("webhook_early", job.id)) job.shown_final = now + Milliseconds(*hidden);
    if (view.state == JobState::completed && fires("webhook_contradict", job.id)) {
        auto wrong = view;
        wrong.state = JobState::failed;
        wrong.output_json.reset();
        wrong.error = "job timed out after 1 retries";
        schedule(job, write_webhook_body(wrong, job.request.input_json, url), "contradicting",
                 due + contradiction_after);
    }
    const bool truncated = fires("webhook_truncate", job.id).has_value();
    if (truncated) body.resize(body.size() / 2);
    const auto copies = fires("webhook_dup", job.id).value_or(1);
    for (std::int64_t i = 0; i < copies && i < 1'000; ++i)
        schedule(job, body, truncated ? "truncated" : i > 0 ? "copy" : "", due);
}

void Endpoint::schedule(const Job& job, std::string body, std::string_view note, Instant due) {
    webhooks_.add({job.id, *job.request.webhook, std::make_shared<const std::string>(std::move(body)),
                   std::string(note), 0},
                  due);
    waiting_room_.notify(topic_of_webhooks());
}

std::optional<Webhook> Endpoint::take_webhook() {
    const std::lock_guard lock(mutex_);
    return webhooks_.take_due(now());
}

void Endpoint::webhook_ended(Webhook webhook, int status) {
    const std::lock_guard lock(mutex_);
    const bool accepted = status >= 200 && status < 300;
    journal_.note(
        clock_.now(), "webhook", webhook.job,
        {{"try", std::int64_t(webhook.tries)}, {"status", std::int64_t(status)}, {"note", webhook.note}});
    if (accepted) return;
    const auto job = webhook.job;
    if (webhooks_.failed(std::move(webhook), now())) return waiting_room_.notify(topic_of_webhooks());
    journal_.note(clock_.now(), "webhook_given_up", job);
}

std::optional<Instant> Endpoint::next_webhook() {
    const std::lock_guard lock(mutex_);
    return webhooks_.next_due();
}

}  // namespace darkroom::runpod::endpoint
