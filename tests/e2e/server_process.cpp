#include "tests/e2e/server_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/json.h"
#include "tests/support/process_table.h"

namespace darkroom::e2e {
namespace {

constexpr Milliseconds between_questions{10};

// The gateway's own note of where it listens, once it is that of this process.
std::uint16_t port_told_by(const std::filesystem::path& data_dir, pid_t pid) {
    const auto note = parse_json(testing::read_file(data_dir / "gateway.json"));
    if (!note || text_at(*note, "/pid") != std::to_string(pid)) return 0;
    const auto url = text_at(*note, "/url");
    const auto digits = url.substr(url.rfind(':') + 1);
    std::uint16_t port = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

}  // namespace

std::filesystem::path darkroom_program() { return DR_DARKROOM; }

bool eventually(const std::function<bool()>& holds, Milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (!holds()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        ::poll(nullptr, 0, static_cast<int>(between_questions.count()));
    }
    return true;
}

ServerProcess::ServerProcess(Settings settings)
    : data_dir_(home_.path() / "data"),
      log_file_(home_.path() / "server.log"),
      settings_(std::move(settings)) {
    start();
}

ServerProcess::ServerProcess(Settings settings, const std::filesystem::path& data_dir)
    : ServerProcess(std::move(settings), data_dir, {}) {}

ServerProcess::ServerProcess(Settings settings, const std::filesystem::path& data_dir,
                             std::vector<std::string> launcher)
    : data_dir_(data_dir),
      log_file_(home_.path() / "server.log"),
      settings_(std::move(settings)),
      launcher_(std::move(launcher)) {
    start();
}

ServerProcess::~ServerProcess() {
    child_.reset();
    if (::testing::Test::HasFailure()) std::fprintf(stderr, "--- server ---\n%s", log().c_str());
}

std::string ServerProcess::signing_key() const {
    auto key = testing::read_file(data_dir_ / "signing.key");
    return key.substr(0, key.find('\n'));
}

void ServerProcess::kill9() {
    child_->send_signal(SIGKILL);
    ASSERT_TRUE(child_->wait(Milliseconds(10'000)).has_value());
}

testing::ChildExit ServerProcess::terminate(Milliseconds at_most) {
    child_->send_signal(SIGTERM);
    const auto exit = child_->wait(at_most);
    EXPECT_TRUE(exit.has_value()) << "still running after SIGTERM";
    return exit.value_or(testing::ChildExit{});
}

void ServerProcess::start() {
    const bool had_port = port_ != 0;
    if (try_to_start() || (had_port && try_to_start())) return;
    FAIL() << "the server did not start:\n" << log();
}

bool ServerProcess::try_to_start() {
    spawn();
    if (wait_until_ready()) return true;
    port_ = 0;  // perhaps somebody else has the port by now
    return false;
}

void ServerProcess::start(Settings settings) {
    settings_ = std::move(settings);
    start();
}

void ServerProcess::spawn() {
    std::error_code ignored;
    std::filesystem::create_directories(data_dir_, ignored);
    auto environment = settings_;
    environment.emplace("DARKROOM_DATA_DIR", data_dir_.string());
    environment.emplace("DARKROOM_LISTEN", "127.0.0.1:" + std::to_string(port_));
    auto command = launcher_;
    command.push_back(darkroom_program().string());
    command.emplace_back("serve");
    child_ = std::make_unique<testing::ChildProcess>(
        testing::ChildPlan{.program = command.front(),
                           .arguments = {command.begin() + 1, command.end()},
                           .environment = environment,
                           .working_dir = home_.path(),
                           .out_file = log_file_,
                           .err_file = log_file_});
}

// gateway.json is put in place by a rename, which inotify tells of; the end of the process is told by its fd.
bool ServerProcess::wait_until_ready(Milliseconds at_most) {
    const UniqueFd news(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    DR_CHECK(::inotify_add_watch(news.get(), data_dir_.c_str(), IN_MOVED_TO) >= 0);
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        if (const auto port = port_told_by(data_dir_, child_->pid()); port != 0) {
            port_ = port;
            key_ = testing::read_file(data_dir_ / "admin.key");
            key_ = key_.substr(0, key_.find('\n'));
            return true;
        }
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd ready[] = {{news.get(), POLLIN, 0}, {child_->ended_fd(), POLLIN, 0}};
        ::poll(ready, 2, static_cast<int>(left.count()));
        if (ready[1].revents != 0) return false;
        char events[4'096];
        while (::read(news.get(), events, sizeof events) > 0) continue;
    }
}

std::vector<pid_t> ServerProcess::descendants() const { return testing::descendants_of(child_->pid()); }

void ServerProcess::freeze_workers() const {
    for (const auto worker : descendants()) ::kill(worker, SIGSTOP);
}

void ServerProcess::thaw_workers() const {
    for (const auto worker : descendants()) ::kill(worker, SIGCONT);
}

}  // namespace darkroom::e2e
