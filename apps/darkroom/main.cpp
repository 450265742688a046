// The program `darkroom`. It only wires: the command line on one side, a gateway and an HTTP client on the
// other.
#include <cstdio>
#include <memory>

#include "app/database_commands.h"
#include "app/doctor.h"
#include "app/endpoint_command.h"
#include "app/endpoint_plan.h"
#include "app/gateway.h"
#include "app/serve.h"
#include "app/settings.h"
#include "app/system_clock.h"
#include "app/system_random.h"
#include "app/worker_command.h"
#include "cli/cli.h"
#include "http/curl_client.h"

namespace {

namespace app = darkroom::app;
namespace cli = darkroom::cli;

constexpr int exit_config = 78;
constexpr int exit_usage = 2;

darkroom::Result<app::Settings, app::SettingProblems> settings_of(const cli::ServeRequest& request) {
    app::SettingProblems problems;
    app::Environment environment(".env", problems);
    if (request.listen) environment.set("DARKROOM_LISTEN", *request.listen);
    if (request.data_dir) environment.set("DARKROOM_DATA_DIR", request.data_dir->string());
    if (request.role) environment.set("DARKROOM_ROLE", *request.role);
    return app::read_settings(environment, std::move(problems));
}

std::string lines_of(const app::SettingProblems& problems) {
    std::string lines;
    for (const auto& problem : problems) lines += (lines.empty() ? "" : "\n") + problem;
    return lines;
}

int serve(const cli::ServeRequest& request) {
    const auto settings = settings_of(request);
    if (!settings) {
        std::fprintf(stderr, "darkroom: the configuration is not valid\n%s\n",
                     lines_of(settings.error()).c_str());
        return exit_config;
    }
    return app::serve(*settings);
}

int manage_database(const cli::DatabaseRequest& request) {
    using Task = cli::DatabaseRequest::Task;
    app::SettingProblems problems;
    app::Environment environment(".env", problems);
    if (request.data_dir) environment.set("DARKROOM_DATA_DIR", request.data_dir->string());
    if (request.to) environment.set("DATABASE_URL", *request.to);
    const auto settings = app::read_settings(environment, std::move(problems));
    if (!settings) {
        std::fprintf(stderr, "darkroom: the configuration is not valid\n%s\n",
                     lines_of(settings.error()).c_str());
        return exit_config;
    }
    darkroom::log::configure(darkroom::log::Level::warning, settings->log_format);
    switch (request.task) {
        case Task::status:
            return app::tell_schema(*settings);
        case Task::check:
            return app::check_schema(*settings);
        case Task::up:
            return app::bring_schema_up(*settings);
        case Task::copy:
            return app::copy_database(*settings, request.from);
        case Task::nodes:
            return app::list_nodes(*settings, request.json);
    }
    return exit_usage;
}

int work(const cli::WorkerRequest& request) {
    app::SettingProblems problems;
    const app::Environment environment(".env", problems);
    const auto plan =
        app::read_worker_settings(environment, request.test_input.has_value(), std::move(problems));
    if (!plan) {
        std::fprintf(stderr, "darkroom: the configuration is not valid\n%s\n",
                     lines_of(plan.error()).c_str());
        return exit_config;
    }
    return request.test_input ? app::run_test_job(*plan, *request.test_input) : app::run_worker(*plan);
}

int play_endpoint(const cli::EndpointRequest& request) {
    const auto plan = app::plan_endpoint({.listen = request.listen,
                                          .id = request.id,
                                          .client_key = request.client_key,
                                          .worker_key = request.worker_key,
                                          .journal = request.journal,
                                          .time_scale = request.time_scale,
                                          .faults = request.faults,
                                          .settings = request.settings});
    if (plan) return app::play_endpoint(*plan);
    std::fprintf(stderr, "%s\n", plan.error().c_str());
    return exit_usage;
}

std::vector<cli::DoctorFinding> examine(const cli::ServeRequest& request) {
    using Level = cli::DoctorFinding::Level;
    std::vector<cli::DoctorFinding> told;
    const auto settings = settings_of(request);
    if (!settings) {
        for (const auto& problem : settings.error()) told.push_back({Level::failed, "config", problem});
        return told;
    }
    darkroom::log::configure(darkroom::log::Level::off, settings->log_format);
    for (auto& finding : app::examine(*settings)) {
        const auto level = finding.level == app::FindingLevel::ok        ? Level::ok
                           : finding.level == app::FindingLevel::warning ? Level::warning
                                                                         : Level::failed;
        told.push_back({level, std::move(finding.about), std::move(finding.detail)});
    }
    return told;
}

class Embedded : public cli::EmbeddedGateway {
public:
    explicit Embedded(std::unique_ptr<app::Gateway> gateway) : gateway_(std::move(gateway)) {}
    std::string url() const override { return gateway_->url(); }
    std::string api_key() const override { return gateway_->api_key(); }

private:
    std::unique_ptr<app::Gateway> gateway_;
};

darkroom::Result<std::unique_ptr<cli::EmbeddedGateway>, cli::StartProblem> start_embedded(
    const std::filesystem::path& data_dir) {
    auto settings = settings_of({.listen = "127.0.0.1:0", .data_dir = data_dir, .role = std::nullopt});
    if (!settings) return darkroom::Fail(cli::StartProblem{lines_of(settings.error()), exit_config});
    settings->base_url.clear();  // its links are for this process alone
    settings->runpod = {};       // nobody would be there when RunPod calls back
    if (settings->mode == app::BackendMode::serverless) settings->mode = app::BackendMode::local;
    darkroom::log::configure(darkroom::log::Level::warning, settings->log_format);
    auto gateway = app::Gateway::start(*settings);
    if (!gateway)
        return darkroom::Fail(cli::StartProblem{gateway.error().message, gateway.error().exit_code});
    return std::unique_ptr<cli::EmbeddedGateway>(std::make_unique<Embedded>(*std::move(gateway)));
}

}  // namespace

int main(int argc, char** argv) {
    app::SystemClock clock;
    app::SystemRandom random;
    // Every command goes by the .env that `serve` goes by; its problems are told by `serve` and `doctor`.
    app::SettingProblems untold;
    const app::Environment environment(".env", untold);
    std::unique_ptr<darkroom::http::CurlClient> client;
    cli::CliWiring wiring{.http = [&]() -> darkroom::ports::HttpClient& {
                              if (!client) client = std::make_unique<darkroom::http::CurlClient>();
                              return *client;
                          },
                          .clock = clock,
                          .random = random,
                          .serve = serve,
                          .examine = examine,
                          .start_embedded = start_embedded,
                          .work = work,
                          .play_endpoint = play_endpoint,
                          .manage_database = manage_database,
                          .environment = [&](const char* name) { return environment.get(name); }};
    return cli::run_cli(argc, argv, wiring);
}
