#include "app/runpod_doctor.h"

#include <strings.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "runpod/client/runpod_client.h"
#include "runpod/scale/endpoint_advice.h"
#include "runpod/scale/management_client.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;
using runpod::CallErrorKind;

// Somebody waits for the answer.
constexpr Milliseconds patience{10'000};

class RunpodExamination {
public:
    RunpodExamination(const Settings& settings, bool gateway_runs, ports::HttpClient& http,
                      const ports::Clock& clock, ports::Random& random)
        : settings_(settings),
          runpod_(settings.runpod),
          gateway_runs_(gateway_runs),
          http_(http),
          clock_(clock),
          random_(random),
          management_(management_settings(), http, clock) {}

    std::vector<Finding> run() {
        for (const auto& endpoint : runpod_.endpoints) {
            if (!look_at_endpoint(endpoint)) break;  // the same key would be refused again
        }
        look_at_own_address();
        look_at_callbacks();
        look_at_meeting_place();
        return std::move(findings_);
    }

private:
    runpod::scale::ManagementSettings management_settings() const {
        runpod::scale::ManagementSettings management;
        management.base_url = runpod_.rest_url;
        management.api_key = runpod_.api_key;
        management.version = DARKROOM_VERSION;
        management.call_timeout = patience;
        return management;
    }

    runpod::ClientSettings client_settings(const RunpodEndpoint& endpoint) const {
        runpod::ClientSettings client;
        client.base_url = runpod_.base_url;
        client.endpoint_id = endpoint.id;
        client.api_key = runpod_.api_key;
        client.version = DARKROOM_VERSION;
        client.call_timeout = client.call_deadline = patience;
        return client;
    }

    /// False if looking at the others is of no use.
    bool look_at_endpoint(const RunpodEndpoint& endpoint) {
        const auto about = "endpoint " + endpoint.name;
        runpod::RunpodClient client(client_settings(endpoint), http_, clock_, random_);
        const auto health = client.health();
        if (!health) {
            tell_call_error(about, endpoint, health.error());
            return health.error().kind != CallErrorKind::auth;
        }
        const auto description = management_.describe(endpoint.id);
        if (!description)
            add(Level::warning, about,
                "RunPod does not tell how it is set up (RUNPOD_REST_URL): " + description.error().detail);
        for (const auto& advice : runpod::scale::explain_endpoint(
                 *health, description ? std::optional(*description) : std::nullopt))
            add(level_of(advice.level), about, advice.text);
        return true;
    }

    void tell_call_error(const std::string& about, const RunpodEndpoint& endpoint,
                         const runpod::CallError& error) {
        switch (error.kind) {
            case CallErrorKind::auth:
                return add(Level::failed, "RunPod key", "RUNPOD_API_KEY is refused: " + error.detail);
            case CallErrorKind::funds:
                return add(Level::failed, about, "the account has no funds: " + error.detail);
            case CallErrorKind::not_found:
                return add(Level::failed, about,
                           "there is no endpoint " + endpoint.id + " for this key: see RUNPOD_ENDPOINT_ID");
            case CallErrorKind::rate_limited:
                return add(Level::warning, about, "RunPod is asked too often just now: " + error.detail);
            case CallErrorKind::refused:
                return add(Level::failed, about, "RunPod will not tell its health: " + error.detail);
            case CallErrorKind::unavailable:
            case CallErrorKind::stopped:
                break;
        }
        add(Level::failed, about, "RunPod does not answer at " + runpod_.base_url + ": " + error.detail);
    }

    static Level level_of(runpod::scale::AdviceLevel level) {
        return level == runpod::scale::AdviceLevel::ok        ? Level::ok
               : level == runpod::scale::AdviceLevel::warning ? Level::warning
                                                              : Level::failed;
    }

    // As a webhook would come: through DNS, TLS, proxies and tunnels.
    void look_at_own_address() {
        const auto& url = settings_.base_url;
        if (url.empty())
            return add(Level::ok, "public address",
                       "not needed: RunPod is played nearby, at " + runpod_.base_url);
        if (url.rfind("https://", 0) != 0 && !leads_nearby(url))
            add(Level::warning, "public address",
                "BACKEND_BASE_URL is not https: what comes to it can be read");
        ports::OutgoingRequest request;
        request.url = url + "/healthz";
        request.total_timeout = patience;
        request.answer_bytes_max = 64u << 10;
        const auto answer = http_.fetch(request);
        const auto lost = gateway_runs_ ? Level::failed : Level::warning;
        const std::string perhaps = gateway_runs_ ? "" : "; no gateway runs in this data folder yet";
        if (!answer) {
            add(lost, "public address",
                "nobody answers at " + url + " (BACKEND_BASE_URL): " + answer.error().detail + perhaps);
        } else if (answer->status != 200 || !is_darkroom(*answer)) {
            add(lost, "public address",
                url + " (BACKEND_BASE_URL) does not lead to a Darkroom: GET /healthz was answered " +
                    std::to_string(answer->status) + perhaps);
        } else {
            add(Level::ok, "public address", url + " leads to a Darkroom, as seen from this machine");
        }
    }

    static bool is_darkroom(const ports::FetchedAnswer& answer) {
        return std::any_of(answer.headers.begin(), answer.headers.end(), [](const auto& header) {
            return ::strcasecmp(header.first.c_str(), "Darkroom-Request-Id") == 0;
        });
    }

    void look_at_callbacks() {
        switch (runpod_.callback_secrets.size()) {
            case 0:
                return add(Level::warning, "callbacks",
                           "CALLBACK_SECRET is not set: workers' own callbacks are refused, ends are heard "
                           "by RunPod's "
                           "webhook or by polling");
            case 1:
                return add(Level::ok, "callbacks", "CALLBACK_SECRET is set; the workers need the same");
            default:
                return add(Level::ok, "callbacks",
                           "CALLBACK_SECRET_OLD is still taken; remove it when all workers have the new one");
        }
    }

    void look_at_meeting_place() {
        const auto& bucket = settings_.storage.bucket;
        if (!bucket) return add(Level::ok, "worker files", "by network volume");
        if (!runpod_.is_near && leads_nearby(bucket->endpoint))
            return add(Level::failed, "worker files",
                       "RunPod's workers cannot reach the bucket at " + bucket->endpoint +
                           ": S3_ENDPOINT must be public");
        add(Level::ok, "worker files", "by signed links into the bucket " + bucket->bucket);
    }

    void add(Level level, std::string about, std::string detail) {
        findings_.push_back({level, std::move(about), std::move(detail)});
    }

    const Settings& settings_;
    const RunpodSettings& runpod_;
    const bool gateway_runs_;
    ports::HttpClient& http_;
    const ports::Clock& clock_;
    ports::Random& random_;
    runpod::scale::ManagementClient management_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_runpod(const Settings& settings, bool gateway_runs, ports::HttpClient& http,
                                    const ports::Clock& clock, ports::Random& random) {
    if (!settings.runpod.is_used()) return {};
    return RunpodExamination(settings, gateway_runs, http, clock, random).run();
}

}  // namespace darkroom::app
