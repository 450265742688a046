#include "app/endpoint_command.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "app/open_files.h"
#include "app/stop_signals.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "base/log.h"
#include "http/curl_client.h"
#include "http/server.h"
#include "runpod/endpoint/endpoint.h"
#include "runpod/endpoint/routes.h"
#include "runpod/endpoint/webhook_sender.h"

namespace darkroom::app {
namespace {

namespace endpoint = runpod::endpoint;

constexpr int exit_config = 78;
constexpr Milliseconds stop_grace{2'000};
constexpr std::size_t sender_threads = 4;

struct Address {
    std::string host;
    std::uint16_t port = 0;
};

std::optional<Address> read_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    Address address{std::string(text.substr(0, colon)), 0};
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || address.host.empty())
        return std::nullopt;
    if (address.host.front() == '[' && address.host.back() == ']')
        address.host = address.host.substr(1, address.host.size() - 2);
    return address;
}

std::string url_of(const Address& address, std::uint16_t port) {
    const bool any = address.host == "0.0.0.0" || address.host == "::";
    const bool v6 = address.host.find(':') != std::string::npos;
    const auto host = any ? "127.0.0.1" : v6 ? "[" + address.host + "]" : address.host;
    return "http://" + host + ":" + std::to_string(port);
}

std::thread named_thread(const char* name, std::function<void()> work) {
    std::thread thread(std::move(work));
    pthread_setname_np(thread.native_handle(), name);
    return thread;
}

/// The server wants a folder for bodies on disk, although no route here asks for one.
class ScratchFolder {
public:
    ScratchFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "darkroom-endpoint-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace

// Members in the order in which they need each other; they end in the opposite order.
class RunningEndpoint::Parts {
public:
    explicit Parts(const EndpointPlan& plan)
        : endpoint(plan.settings, clock, random), sender(endpoint, client, clock, random) {}

    Result<void, std::string> start(const EndpointPlan& plan);
    void stop();

    SystemClock clock;
    SystemRandom random;
    http::CurlClient client;
    ScratchFolder scratch;
    endpoint::Endpoint endpoint;
    endpoint::WebhookSender sender;
    std::unique_ptr<http::Server> server;
    std::thread clock_thread;
    std::array<std::thread, sender_threads> senders;
    std::string url;
};

Result<void, std::string> RunningEndpoint::Parts::start(const EndpointPlan& plan) {
    const auto address = read_address(plan.listen);
    if (!address) return Fail("--listen is ADDRESS:PORT, not \"" + plan.listen + "\"");
    if (const auto set = endpoint.change_faults({std::nullopt, plan.faults}); !set)
        return Fail(set.error().detail);
    if (plan.journal) {
        if (auto kept = endpoint.keep_journal_in(*plan.journal); !kept) return kept;
    }
    http::ServerOptions options;
    options.address = address->host;
    options.port = address->port;
    options.spool_dir = scratch.path();
    // A storm of workers and pollers is what this is for.
    options.connections_per_address_max = 0;
    options.connections_max = connections_for(raise_open_files_limit(), options.connections_max);
    server = std::make_unique<http::Server>(std::move(options), endpoint::all_routes(endpoint, clock),
                                            endpoint::respond_error);
    const auto port = server->start();
    if (!port) return Fail(port.error().detail);
    url = url_of(*address, *port);
    clock_thread = named_thread("endpoint", [this] { endpoint.run(); });
    for (auto& thread : senders) thread = named_thread("webhooks", [this] { sender.run(); });
    return {};
}

void RunningEndpoint::Parts::stop() {
    if (server) server->stop(stop_grace);
    endpoint.stop();
    sender.stop();
    if (clock_thread.joinable()) clock_thread.join();
    for (auto& thread : senders) {
        if (thread.joinable()) thread.join();
    }
}

Result<std::unique_ptr<RunningEndpoint>, std::string> RunningEndpoint::start(const EndpointPlan& plan) {
    auto parts = std::make_unique<Parts>(plan);
    if (auto started = parts->start(plan); !started) return Fail(started.error());
    return std::unique_ptr<RunningEndpoint>(new RunningEndpoint(std::move(parts)));
}

RunningEndpoint::RunningEndpoint(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunningEndpoint::~RunningEndpoint() { stop(); }
const std::string& RunningEndpoint::url() const { return parts_->url; }
void RunningEndpoint::stop() { parts_->stop(); }

std::string worker_environment(const std::string& url, const endpoint::EndpointSettings& settings) {
    const auto base = url + "/v2/" + settings.id;
    const std::string query = "?gpu=LOCAL";
    return "RUNPOD_ENDPOINT_ID=" + settings.id +
           "\nRUNPOD_POD_ID=worker-1"
           "\nRUNPOD_POD_HOSTNAME=worker-1"
           "\nRUNPOD_AI_API_KEY=" +
           settings.worker_key + "\nRUNPOD_PING_INTERVAL=" + std::to_string(settings.ping_interval.count()) +
           "\nRUNPOD_WEBHOOK_GET_JOB=" + base + "/job-take/$ID" + query +
           "\nRUNPOD_WEBHOOK_POST_OUTPUT=" + base + "/job-done/$RUNPOD_POD_ID/$ID" + query +
           "\nRUNPOD_WEBHOOK_POST_STREAM=" + base + "/job-stream/$RUNPOD_POD_ID/$ID" + query +
           "\nRUNPOD_WEBHOOK_PING=" + base + "/ping/$RUNPOD_POD_ID" + query +
           "\nRUNPOD_SKIP_AUTO_SYSTEM_CHECKS=true"
           "\nRUNPOD_SKIP_GPU_CHECK=true"
           "\nRUNPOD_ALLOW_PRIVATE_DOWNLOAD_URLS=true\n";
}

int play_endpoint(const EndpointPlan& plan) {
    const StopSignals signals;
    log::configure(log::Level::warning, log::Format::text);
    auto running = RunningEndpoint::start(plan);
    if (!running) {
        std::fprintf(stderr, "darkroom: %s\n", running.error().c_str());
        return exit_config;
    }
    const auto& url = (*running)->url();
    std::fprintf(stdout, "%s/v2\n", url.c_str());
    std::fflush(stdout);
    std::fprintf(stderr,
                 "A RunPod endpoint on this machine   id %s\n"
                 "Clients    %s/v2/%s   key %s\n"
                 "Gateway    COMFYUI_MODE=serverless RUNPOD_API_KEY=%s RUNPOD_ENDPOINT_ID=%s "
                 "RUNPOD_ENDPOINT_BASE_URL=%s/v2 RUNPOD_REST_URL=%s/v2\n"
                 "Controls   %s/_darkroom/faults   /_darkroom/journal   /_darkroom/costs   (client's key)\n"
                 "A worker's environment ($ reaches the worker as it stands):\n\n%s\n",
                 plan.settings.id.c_str(), url.c_str(), plan.settings.id.c_str(),
                 plan.settings.client_key.c_str(), plan.settings.client_key.c_str(), plan.settings.id.c_str(),
                 url.c_str(), url.c_str(), url.c_str(), worker_environment(url, plan.settings).c_str());
    (void)signals.wait();
    (*running)->stop();
    return 0;
}

}  // namespace darkroom::app
