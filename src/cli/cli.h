// The command line of Darkroom: what `darkroom run`, `jobs`, `types` … do, as a client of the HTTP API.
// It reads argv, talks to a gateway through ports::HttpClient and prints: results on standard output,
// everything else on standard error. Starting a gateway (for good by `serve`, or for the duration of one
// `run`) is handed in.
#pragma once
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/console.h"
#include "cli/retry_policy.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/random.h"

namespace darkroom::cli {

/// What `darkroom serve` was told on the command line; unset = environment or default decides.
struct ServeRequest {
    std::optional<std::string> listen;
    std::optional<std::filesystem::path> data_dir;
    std::optional<std::string> role;
};

/// What `darkroom migrate …`, `darkroom db copy` or `darkroom nodes` was told on the command line.
struct DatabaseRequest {
    enum class Task { status, check, up, copy, nodes };
    Task task = Task::status;
    std::optional<std::filesystem::path> data_dir;
    std::string from;               // copy: a SQLite file
    std::optional<std::string> to;  // copy: an address; unset = DATABASE_URL
    bool json = false;
};

/// What `darkroom worker` was told on the command line.
struct WorkerRequest {
    std::optional<std::string> test_input;  // JSON or a file with it; unset = take jobs from the endpoint
};

/// What `darkroom endpoint` was told on the command line; unset or empty = default.
struct EndpointRequest {
    std::optional<std::string> listen;
    std::optional<std::string> id;
    std::optional<std::string> client_key;
    std::optional<std::string> worker_key;
    std::optional<std::string> journal;
    std::optional<std::string> time_scale;
    std::vector<std::string> faults;    // NAME=WHEN
    std::vector<std::string> settings;  // NAME=VALUE
};

/// Why no gateway could be started: whole sentences, one problem per line, and the exit code that says it.
struct StartProblem {
    std::string message;
    int exit_code = 78;
};

/// A gateway inside this process, listening on a free loopback port. Its end stops it gracefully: held
/// answers end, jobs that are not done stay queued in its data folder.
class EmbeddedGateway {
public:
    virtual ~EmbeddedGateway() = default;
    virtual std::string url() const = 0;
    virtual std::string api_key() const = 0;
};

/// One thing that `darkroom doctor` looked at.
struct DoctorFinding {
    enum class Level { ok, warning, failed };
    Level level = Level::ok;
    std::string about;   // a few words
    std::string detail;  // one line
};

struct CliWiring {
    /// Called when the first request is made, so that commands without one start in no time.
    std::function<ports::HttpClient&()> http;
    ports::Clock& clock;
    ports::Random& random;
    /// Runs until it is told to stop by a signal; signals are its own business. Returns the exit code.
    std::function<int(const ServeRequest&)> serve;
    /// Tries what the settings say, without a gateway.
    std::function<std::vector<DoctorFinding>(const ServeRequest&)> examine;
    /// Should log warnings at most (the progress bar shares the terminal) and leave signals alone.
    std::function<Result<std::unique_ptr<EmbeddedGateway>, StartProblem>(
        const std::filesystem::path& data_dir)>
        start_embedded;

    /// Runs until a signal ends it, or for one job; signals are its own business. Returns the exit code.
    std::function<int(const WorkerRequest&)> work = {};

    /// Plays a RunPod endpoint until a signal ends it; signals are its own business. Returns the exit code.
    std::function<int(const EndpointRequest&)> play_endpoint = {};

    /// Works on the database itself, without a gateway; prints what it has to say. Returns the exit code.
    std::function<int(const DatabaseRequest&)> manage_database = {};

    // What tests replace. The defaults are the process's own.
    std::ostream* out = nullptr;                          // nullptr = standard output
    std::ostream* err = nullptr;                          // nullptr = standard error
    std::optional<ConsoleTraits> console = std::nullopt;  // unset = asks the terminal and the environment
    std::function<std::optional<std::string>(const char* name)> environment = {};  // empty = getenv
    std::function<void(int exit_code)> end_process =
        {};  // empty = std::_Exit; called with all output flushed
    RetryPolicy retry = {};
};

/// The whole program but for wiring; returns the exit code (cli/exit_code.h). Called once per process: it
/// takes over SIGINT and SIGTERM while a command waits for jobs, and gives them back.
int run_cli(int argc, const char* const* argv, CliWiring& wiring);

}  // namespace darkroom::cli
