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
#include <charconv>
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
constexpr int before_all = 1'000;  // the highest priority

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
    std::vector<std::string> variables{"PATH=/usr/bin:/bin",
                                       "DARKROOM_LISTEN=127.0.0.1:" + std::to_string(port),
                                       "DARKROOM_DATA_DIR=" + plan.data_dir.string(),
                                       "DARKROOM_API_KEY=" + std::string(admin_key),
                                       "DARKROOM_LOG_LEVEL=warning",
                                       "DARKROOM_RUN_TIMEOUT_S=86400",  // a frozen job stays where it is
                                       "MAX_INFLIGHT=" + std::to_string(plan.inflight_max)};
    variables.insert(variables.end(), plan.variables.begin(), plan.variables.end());
    return variables;
}

// Not in the folder of whoever runs the benchmark: there may be a .env.
Result<pid_t, std::string> spawn(const GatewayProcess::Plan& plan, std::uint16_t port,
                                 const std::filesystem::path& log) {
    auto variables = environment(plan, port);
    std::vector<char*> environment_list;
    environment_list.reserve(variables.size() + 1);
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

// 64 × 64 black pixels as a PNG: whole, so that a pixel process that has seen it is kept, and with nothing in
// it that would keep one busy.
std::string small_picture() {
    constexpr std::string_view hex =
        "89504e470d0a1a0a0000000d4948445200000040000000400802000000250be689000000224944415478daedc1010d000000"
        "c2"
        "a0f74f6d0f07140000000000000000000000f06e30400001ece1c8970000000049454e44ae426082";
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        bytes.push_back(static_cast<char>(value));
    }
    return bytes;
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

std::string GatewayProcess::request(std::string_view method, std::string_view target, std::string_view body,
                                    std::string_view more_lines) const {
    std::string lines = "Authorization: Bearer " + std::string(admin_key) + "\r\n";
    if (!body.empty()) lines += "Content-Type: application/json\r\n";
    return request_text(method, target, lines.append(more_lines), body);
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

std::string GatewayProcess::job_request(const std::string& upload, int priority,
                                        std::string_view more_lines) const {
    return request("POST", "/api/v1/jobs",
                   R"({"type":"bg_remove","params":{"v":1},"inputs":[{"upload":")" + upload +
                       R"("}],"metadata":{"order":"A-12345","sku":"SHOE-42"},"priority":)" +
                       std::to_string(priority) + "}",
                   more_lines);
}

Result<std::int64_t, std::string> GatewayProcess::jobs_in_queue() const {
    HttpTalk talk(port_);
    const auto report = json_of(talk.ask(request("POST", "/api/v1/dispatcher")), 200);
    if (!report) return Fail(report.error());
    const auto& counts = report->as_object();
    return counts.at("queued").as_int64() + counts.at("delayed").as_int64() +
           counts.at("inflight").as_int64();
}

// The process is stopped between two jobs, so that it is one that has started well and is trusted; the next
// job is handed to it and stays.
Result<void, std::string> GatewayProcess::freeze_work(const std::string& upload) const {
    HttpTalk talk(port_);
    const auto first = json_of(talk.ask(job_request(upload, before_all, "Prefer: wait=30\r\n")), 200);
    if (!first) return Fail(first.error());
    const auto children = children_of(pid_);
    if (children.size() != 1)
        return Fail("there are " + std::to_string(children.size()) + " pixel processes to freeze, not one");
    ::kill(children.front(), SIGSTOP);
    const auto frozen = json_of(talk.ask(job_request(upload, before_all)), 201);
    if (!frozen) return Fail(frozen.error());
    return {};
}

}  // namespace darkroom::bench
