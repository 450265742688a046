// For this room's tests only: a gateway behind ports::HttpClient that lives in memory, clocks, and a program
// around it all.
#pragma once
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/fake_gateway.h"

namespace darkroom::cli::fakes {

/// Real time for threads that meet; a test may skip some of it.
class RealClock : public ports::Clock {
public:
    void skip(Milliseconds time) { skipped_ms_ += time.count(); }
    Milliseconds skipped() const { return Milliseconds(skipped_ms_); }
    TimePoint now() const override;
    Instant monotonic() const override;
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;

private:
    std::atomic<std::int64_t> skipped_ms_{0};
};

/// Time that passes only by waiting, for one thread: a wait that is not woken jumps to its deadline.
class JumpingClock : public ports::Clock {
public:
    TimePoint now() const override;
    Instant monotonic() const override { return instant_; }
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;
    void advance(Milliseconds by) { instant_ += by; }

private:
    mutable Instant instant_{std::chrono::hours(1)};
};

/// The same bytes for the same seed.
class SeededRandom : public ports::Random {
public:
    explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override;

private:
    std::mutex mutex_;
    std::uint64_t state_;
};

/// A folder of its own that goes with the object.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name, const std::string& bytes) const;  // writes it, returns its path
    std::string read(const std::string& name) const;
    std::vector<std::string> names() const;  // sorted

private:
    std::filesystem::path path_;
};

/// `darkroom` with everything around it replaced. Runs in a data folder without a gateway unless
/// `with_server`.
class Darkroom {
public:
    Darkroom();

    TempFolder folder;  // data is in data/, files of tests wherever they put them
    ScriptedHttp http;
    FakeGateway gateway{http};
    std::map<std::string, std::string> environment;
    RealClock clock;
    ConsoleTraits console;
    RetryPolicy retry;  // with pauses of a millisecond
    std::vector<ServeRequest> served;
    std::vector<DoctorFinding> findings;  // of the doctor
    std::vector<ServeRequest> examined;
    int embedded_started = 0;
    int embedded_stopped = 0;
    std::optional<StartProblem> start_problem;
    std::vector<int> ended_with;  // calls of end_process
    std::function<void()> on_end_process;

    struct Outcome {
        int code = 0;
        std::string out;
        std::string err;
    };
    /// Arguments after "darkroom".
    Outcome run(const std::vector<std::string>& arguments);
    /// As `serve` does it: gateway.json and admin.key in the data folder.
    void with_server();
};

}  // namespace darkroom::cli::fakes
