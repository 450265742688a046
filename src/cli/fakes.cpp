#include "cli/fakes.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace darkroom::cli::fakes {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

class RealWakeUp : public ports::WakeUp {
public:
    explicit RealWakeUp(const RealClock& clock) : clock_(clock) {}
    void set() override {
        const std::lock_guard lock(mutex_);
        set_ = true;
        changed_.notify_all();
    }
    bool wait_until(Instant deadline) override {
        std::unique_lock lock(mutex_);
        const bool was_set = changed_.wait_until(lock, deadline - clock_.skipped(), [&] { return set_; });
        set_ = false;
        return was_set;
    }

private:
    const RealClock& clock_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

class JumpingWakeUp : public ports::WakeUp {
public:
    explicit JumpingWakeUp(Instant& now) : now_(now) {}
    void set() override { set_ = true; }
    bool wait_until(Instant deadline) override {
        if (std::exchange(set_, false)) return true;
        now_ = std::max(now_, deadline);
        return false;
    }

private:
    Instant& now_;
    bool set_ = false;
};

class FakeEmbedded : public EmbeddedGateway {
public:
    explicit FakeEmbedded(int& stopped) : stopped_(stopped) {}
    ~FakeEmbedded() override { ++stopped_; }
    std::string url() const override { return "http://127.0.0.1:8080"; }
    std::string api_key() const override { return "dk_test"; }

private:
    int& stopped_;
};

}  // namespace

// ---- Time, chance, folders ----

TimePoint RealClock::now() const {
    return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}
Instant RealClock::monotonic() const { return std::chrono::steady_clock::now() + skipped(); }
std::unique_ptr<ports::WakeUp> RealClock::make_wake_up() const { return std::make_unique<RealWakeUp>(*this); }

TimePoint JumpingClock::now() const { return from_unix_ms(1'767'225'600'000); }
std::unique_ptr<ports::WakeUp> JumpingClock::make_wake_up() const {
    return std::make_unique<JumpingWakeUp>(instant_);
}

void SeededRandom::fill(std::span<std::uint8_t> bytes) {
    const std::lock_guard lock(mutex_);
    for (auto& byte : bytes) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        byte = static_cast<std::uint8_t>(state_ >> 56);
    }
}

TempFolder::TempFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "darkroom-cli-XXXXXX").string();
    DR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::file(const std::string& name, const std::string& bytes) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
}

std::string TempFolder::read(const std::string& name) const { return bytes_of(path_ / name); }

std::vector<std::string> TempFolder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
        if (!entry.is_directory()) names.push_back(std::filesystem::relative(entry.path(), path_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// ---- The program ----

Darkroom::Darkroom() {
    retry.pause_base = Milliseconds(1);
    retry.poll_pause = Milliseconds(1);
    environment["DARKROOM_DATA_DIR"] = (folder.path() / "data").string();
}

void Darkroom::with_server() {
    (void)folder.file("data/gateway.json", R"({"url":"http://127.0.0.1:8080","pid":1})");
    (void)folder.file("data/admin.key", "dk_test\n");
}

Darkroom::Outcome Darkroom::run(const std::vector<std::string>& arguments) {
    SeededRandom random;
    std::ostringstream out;
    std::ostringstream err;
    CliWiring wiring{
        .http = [this]() -> ports::HttpClient& { return http; },
        .clock = clock,
        .random = random,
        .serve = [this](const ServeRequest& request) { return served.push_back(request), 42; },
        .examine = [this](const ServeRequest& request) { return examined.push_back(request), findings; },
        .start_embedded = [this](const auto&) -> Result<std::unique_ptr<EmbeddedGateway>, StartProblem> {
            if (start_problem) return Fail(*start_problem);
            ++embedded_started;
            return std::unique_ptr<EmbeddedGateway>(std::make_unique<FakeEmbedded>(embedded_stopped));
        },
        .out = &out,
        .err = &err,
        .console = console,
        .environment = [this](const char* name) -> std::optional<std::string> {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
        },
        .end_process =
            [this](int code) {
                ended_with.push_back(code);
                if (on_end_process) on_end_process();
            },
    };
    wiring.retry = retry;
    std::vector<const char*> argv{"darkroom"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    const int code = run_cli(static_cast<int>(argv.size()), argv.data(), wiring);
    return {code, out.str(), err.str()};
}

}  // namespace darkroom::cli::fakes
