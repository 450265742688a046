#include "bench/gateway/gateway_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <boost/json/value.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view admin_key = "bench-key-of-the-gateway";
constexpr Milliseconds start_limit{120'000};  // with a million jobs the file is checked for a while
constexpr Milliseconds stop_limit{30'000};

std::uint16_t free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    DR_CHECK(::bind(socket.get(), any, length) == 0 && ::getsockname(socket.get(), any, &length) == 0);
    return ntohs(address.sin_port);
}

std::vector<std::string> environment(const GatewayProcess::Plan& plan, std::uint16_t port) {
    return {"PATH=/usr/bin:/bin",
            "DARKROOM_LISTEN=127.0.0.1:" + std::to_string(port),
            "DARKROOM_DATA_DIR=" + plan.data_dir.string(),
            "DARKROOM_API_KEY=" + std::string(admin_key),
            "DARKROOM_LOG_LEVEL=warning",
            "DARKROOM_RUN_TIMEOUT_S=86400",  // a frozen job stays where it is
            "MAX_INFLIGHT=" + std::to_string(plan.inflight_max)};
}

// Not in the folder of whoever runs the benchmark: there may be a .env.
Result<pid_t, std::string> spawn(const GatewayProcess::Plan& plan, std::uint16_t port,
                                 const std::filesystem::path& log) {
    auto variables = environment(plan, port);
    std::vector<char*> environment_list;
    for (auto& variable : variables) environment_list.push_back(variable.data());
    environment_list.push_back(nullptr);
    auto program = plan.program.string();
    std::string verb = "serve";
    std::array<char*, 3> arguments{program.data(), verb.data(), nullptr};

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, plan.data_dir.parent_path().c_str());
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &actions, nullptr, arguments.data(), environment_list.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return Fail(program + " cannot be started: " + std::generic_category().message(error));
    return pid;
}

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

// A short wait without a signal to wait for: the other process does not know us.
void pause(Milliseconds duration) { ::poll(nullptr, 0, static_cast<int>(duration.count())); }

// The head of a PNG of 64 × 64 pixels and nothing sensible behind it: the gateway reads no further, and what
// the pixel process would make of it does not matter, because it is stopped before it can tell.
std::string small_picture() {
    constexpr std::string_view head(
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0\x25\x0b\xe6\x89\0\0\0\x10IDAT", 41);
    return std::string(head) + std::string(400, 'x');
}

Result<boost::json::value, std::string> json_of(const std::optional<HttpAnswer>& answer, int status) {
    if (!answer) return Fail(std::string("the gateway does not answer"));
    if (answer->status != status)
        return Fail("the gateway answered " + std::to_string(answer->status) + ": " + answer->body);
    auto json = parse_json(answer->body);
    if (!json) return Fail("the gateway's answer is not JSON: " + json.error().detail);
    return *std::move(json);
}

}  // namespace

Result<std::unique_ptr<GatewayProcess>, std::string> GatewayProcess::start(const Plan& plan) {
    std::unique_ptr<GatewayProcess> gateway(new GatewayProcess);
    gateway->port_ = plan.port != 0 ? plan.port : free_port();
    gateway->log_ = plan.data_dir.parent_path() / "serve.log";
    const auto begun = Clock::now();
    const auto pid = spawn(plan, gateway->port_, gateway->log_);
    if (!pid) return Fail(pid.error());
    gateway->pid_ = *pid;
    gateway->end_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
    if (auto healthy = gateway->wait_until_healthy(); !healthy) return Fail(healthy.error());
    gateway->start_ms_ = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
    return gateway;
}

// Knocks five times in a millisecond: fine enough for the figure, and the processor stays with the one that
// is starting.
Result<void, std::string> GatewayProcess::wait_until_healthy() {
    const auto knock = request_text("GET", "/healthz", "", "");
    HttpTalk talk(port_);
    const auto deadline = Clock::now() + start_limit;
    const timespec between{0, 200'000};
    pollfd end{end_.get(), POLLIN, 0};
    while (Clock::now() < deadline) {
        const auto answer = talk.ask(knock);
        if (answer && answer->status == 200) return {};
        if (::ppoll(&end, 1, &between, nullptr) > 0)
            return Fail("darkroom serve ended while it was starting:\n" + text_of(log_));
    }
    return Fail("darkroom serve is not healthy in time:\n" + text_of(log_));
}

bool GatewayProcess::ended_within(Milliseconds limit) {
    pollfd end{end_.get(), POLLIN, 0};
    return ::poll(&end, 1, static_cast<int>(limit.count())) > 0;
}

GatewayProcess::~GatewayProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    if (!ended_within(stop_limit)) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

std::string GatewayProcess::request(std::string_view method, std::string_view target,
                                    std::string_view body) const {
    std::string lines = "Authorization: Bearer " + std::string(admin_key) + "\r\n";
    if (!body.empty()) lines += "Content-Type: application/json\r\n";
    return request_text(method, target, lines, body);
}

Result<std::string, std::string> GatewayProcess::upload_picture() const {
    HttpTalk talk(port_);
    const auto opened =
        json_of(talk.ask(request("POST", "/api/v1/uploads", R"({"filename":"shoe.png"})")), 201);
    if (!opened) return Fail(opened.error());
    const auto& upload = opened->as_object();
    const std::string url(upload.at("url").as_string());
    const auto path = url.substr(url.find('/', std::string("http://").size()));
    const auto put = json_of(talk.ask(request_text("PUT", path, "", small_picture())), 200);
    if (!put) return Fail(put.error());
    return std::string(upload.at("id").as_string());
}

std::string GatewayProcess::job_request(const std::string& upload) const {
    return request("POST", "/api/v1/jobs",
                   R"({"type":"bg_remove","params":{"v":1},"inputs":[{"upload":")" + upload +
                       R"("}],"metadata":{"order":"A-12345","sku":"SHOE-42"}})");
}

Result<std::int64_t, std::string> GatewayProcess::jobs_in_queue() const {
    HttpTalk talk(port_);
    const auto report = json_of(talk.ask(request("POST", "/api/v1/dispatcher")), 200);
    if (!report) return Fail(report.error());
    const auto& counts = report->as_object();
    return counts.at("queued").as_int64() + counts.at("delayed").as_int64() +
           counts.at("inflight").as_int64();
}

Result<void, std::string> GatewayProcess::freeze_work(const std::string& upload) const {
    HttpTalk talk(port_);
    const auto deadline = Clock::now() + Milliseconds(20'000);
    while (Clock::now() < deadline) {
        const auto created = json_of(talk.ask(job_request(upload)), 201);
        if (!created) return Fail(created.error());
        for (const auto child : children_of(pid_)) {
            ::kill(child, SIGSTOP);
            return {};
        }
        pause(Milliseconds(1));
    }
    return Fail(std::string("no pixel process could be found to freeze"));
}

}  // namespace darkroom::bench
