// For this room's tests only: a gateway behind ports::HttpClient that lives in memory, clocks, and a program
// around it all.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace darkroom::cli::fakes {

using Answer = Result<ports::FetchedAnswer, ports::FetchFailure>;
using Handler = std::function<Answer(const ports::OutgoingRequest&)>;

ports::FetchedAnswer json_answer(int status, std::string body, ports::HttpFields headers = {});
ports::FetchedAnswer problem_answer(int status, const std::string& code, const std::string& detail);
ports::FetchFailure failure(ports::FetchError kind);

/// Answers by the first rule whose method fits and whose text is part of the URL; what no rule knows is
/// "unreachable". Rules that are added later come first, and one with a count is used up. Any thread.
class ScriptedHttp : public ports::HttpClient {
public:
    void on(ports::HttpMethod method, const std::string& url_part, Handler handler, int times = -1);
    Answer fetch(const ports::OutgoingRequest& request) override;

    struct Seen {
        ports::HttpMethod method;
        std::string url;
        std::string body;  // of a body file, its bytes
        ports::HttpFields headers;
        std::string header(const std::string& name) const;
    };
    std::vector<Seen> seen() const;
    std::vector<Seen> seen(ports::HttpMethod method, const std::string& url_part) const;

private:
    struct Rule {
        ports::HttpMethod method;
        std::string url_part;
        Handler handler;
        int times;
    };
    mutable std::mutex mutex_;
    std::vector<Rule> rules_;
    std::vector<Seen> seen_;
};

/// What `darkroom serve` would answer: takes uploads, makes jobs that have succeeded when they are asked for,
/// and serves each one's bytes with "done:" before them. Jobs whose bytes hold "bad picture" fail.
class FakeGateway {
public:
    explicit FakeGateway(ScriptedHttp& http, std::string url = "http://127.0.0.1:8080");

    std::string key = "dk_test";
    std::string content_type = "image/png";
    std::size_t jobs() const;
    std::vector<std::string> job_ids() const;
    std::string job_json(const std::string& id) const;

private:
    Answer upload(const ports::OutgoingRequest& request);
    Answer put(const ports::OutgoingRequest& request);
    Answer create(const ports::OutgoingRequest& request);
    Answer show(const ports::OutgoingRequest& request);
    Answer download(const ports::OutgoingRequest& request);
    std::string job_json_locked(const std::string& id) const;

    struct FakeJob {
        std::string type;
        std::string file;
        std::string params;
        std::string bytes;
    };
    const std::string url_;
    mutable std::mutex mutex_;
    std::map<std::string, std::string> uploads_;      // id → bytes
    std::map<std::string, FakeJob> jobs_;             // id → job
    std::map<std::string, std::string> idempotency_;  // key → id
    std::vector<std::string> order_;
};

/// Real time for threads that meet.
class RealClock : public ports::Clock {
public:
    TimePoint now() const override;
    Instant monotonic() const override;
    std::unique_ptr<ports::WakeUp> make_wake_up() const override;
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
    ConsoleTraits console;
    RetryPolicy retry;  // with pauses of a millisecond
    std::vector<ServeRequest> served;
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
