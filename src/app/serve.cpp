#include "app/serve.h"

#include <malloc.h>

#include <cstdio>
#include <string>

#include "app/gateway.h"
#include "app/stop_signals.h"
#include "app/storage.h"
#include "base/log.h"

namespace darkroom::app {
namespace {

constexpr Milliseconds shutdown_grace{25'000};
constexpr unsigned stop_limit_s = 30;

bool is_loopback(const std::string& address) {
    return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0;
}

// As in "serverless (eu-cz 20, us 10 at once)": the limits are what an operator forgets first.
std::string backends_of(const Settings& settings) {
    std::string all;
    for (const auto& kind : settings.backends()) {
        std::string endpoints;
        const auto add = [&](const std::string& name, int inflight_max) {
            endpoints += (endpoints.empty() ? "" : ", ") + name + (name.empty() ? "" : " ") +
                         std::to_string(inflight_max);
        };
        if (kind == "local") add("", settings.inflight_max);
        if (kind == "serverless")
            for (const auto& endpoint : settings.runpod.endpoints) add(endpoint.name, endpoint.inflight_max);
        if (kind == "pod")
            for (const auto& pod : settings.pods)
                add(pod.name, pod.inflight_max.value_or(pod_inflight_default));
        all.append(all.empty() ? "" : ", ").append(kind).append(" (").append(endpoints).append(" at once)");
    }
    return all;
}

std::string webhooks_of(const Settings& settings, const Gateway& gateway) {
    const auto& base = settings.base_url.empty() ? gateway.url() : settings.base_url;
    return base + "/webhooks/…" +
           (settings.runpod.callback_secrets.empty()
                ? "   CALLBACK_SECRET is not set: workers' callbacks are refused"
                : "");
}

void say_hello(const Settings& settings, const Gateway& gateway) {
    const auto data = settings.data_dir.string();
    std::string text = "Darkroom " DARKROOM_VERSION "   data " + data + "   database " +
                       describe_database(settings.node) + "   storage " + describe(settings.storage) +
                       (settings.node.dispatches() ? "   backend " + backends_of(settings) : "") + "\n";
    if (settings.node.has_postgres())
        text += "Node       " + settings.node.name + ", role " + std::string(to_string(settings.node.role)) +
                "\n";
    if (gateway.created_key()) text += "Created an admin key: " + data + "/admin.key, readable by you only\n";
    text += settings.node.serves_api() ? "API        " + gateway.url() + "/api/v1\n"
                                       : "Listens    " + gateway.url() +
                                             "   for /healthz, /readyz, /metrics and POST /api/dispatcher\n";
    if (settings.runpod.is_used()) text += "Webhooks   " + webhooks_of(settings, gateway) + "\n";
    if (settings.node.serves_api()) text += "Try        darkroom run bg_remove photo.jpg\n";
    for (const auto& note : settings.notes) text += "Note       " + note + "\n";
    if (is_loopback(settings.listen_address)) {
        text +=
            "Note       Only this computer can connect. To open it: DARKROOM_LISTEN=0.0.0.0:8080 behind "
            "TLS.\n";
    } else if (settings.base_url.empty()) {
        text += "Note       Set BACKEND_BASE_URL: links to pictures begin with " + gateway.url() +
                ", which others cannot reach.\n";
    }
    std::fputs(text.c_str(), stderr);
}

}  // namespace

int serve(const Settings& settings) {
    const StopSignals signals(StopSignals::Hangup::told);
    log::configure(settings.log_level, settings.log_format);
    const auto gateway = Gateway::start(settings);
    if (!gateway) {
        std::fprintf(stderr, "darkroom: %s\n", gateway.error().message.c_str());
        return gateway.error().exit_code;
    }
    say_hello(settings, **gateway);
    ::malloc_trim(0);  // what only the start needed
    for (auto heard = signals.hear(); heard != StopSignals::Heard::stop; heard = signals.hear())
        if (heard == StopSignals::Heard::hangup) (*gateway)->reload_recipes();
    // A storage that accepts connections and says nothing holds whoever asks it for minutes. What is cut off
    // is queued again by the next start, as after any other death.
    signals.let_go(stop_limit_s);
    log::info("stopping; a second signal ends at once");
    (*gateway)->stop(shutdown_grace);
    return 0;
}

}  // namespace darkroom::app
