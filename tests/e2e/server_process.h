// A real `darkroom serve` with a data folder of its own: started, killed, stopped and started again. It is
// ready when the constructor returns; nothing of it is left when the destructor does.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/api_client.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace darkroom::e2e {

using Settings = std::map<std::string, std::string>;

/// The program under test.
std::filesystem::path darkroom_program();

/// Asks `holds` again and again until it says yes; false if it has not within the time. For what sends no
/// signal when it changes, as the process table.
bool eventually(const std::function<bool()>& holds, Milliseconds at_most = Milliseconds(10'000));

class ServerProcess {
public:
    /// `settings` are environment variables of the server.
    explicit ServerProcess(Settings settings = {});
    /// With a data folder that exists already, in a folder that is the caller's.
    ServerProcess(Settings settings, const std::filesystem::path& data_dir);
    /// By a command that runs the program somewhere else, as in a network namespace: its words before the
    /// program.
    ServerProcess(Settings settings, const std::filesystem::path& data_dir,
                  std::vector<std::string> launcher);
    ~ServerProcess();

    std::uint16_t port() const { return port_; }
    const std::string& key() const { return key_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    pid_t pid() const { return child_->pid(); }
    const std::filesystem::path& data_dir() const { return data_dir_; }
    const std::filesystem::path& home() const { return home_.path(); }
    ApiClient client() const { return {port_, key_}; }
    ApiClient client_with(std::string key) const { return {port_, std::move(key)}; }
    /// Standard error of all its lives.
    std::string log() const { return testing::read_file(log_file_); }
    std::string signing_key() const;

    /// SIGKILL, and the end of the process.
    void kill9();
    /// SIGTERM; how it ended.
    testing::ChildExit terminate(Milliseconds at_most = Milliseconds(30'000));
    /// Starts again on the same data, at the same port if it is free. The settings may change.
    void start();
    void start(Settings settings);
    /// False if it gave up, as where the database is not there.
    bool try_to_start();
    /// Only starts the process; wait_until_ready() is the rest of start().
    void spawn();
    bool wait_until_ready(Milliseconds at_most = Milliseconds(20'000));

    /// Processes that the server has started, and theirs.
    std::vector<pid_t> descendants() const;
    /// Stops the pixel processes in the middle of whatever they do, so that a job in work stays in work.
    void freeze_workers() const;
    /// Lets them go on, those that are left.
    void thaw_workers() const;

private:
    testing::TempDir home_;
    std::filesystem::path data_dir_;
    std::filesystem::path log_file_;
    Settings settings_;
    std::vector<std::string> launcher_;
    std::unique_ptr<testing::ChildProcess> child_;
    std::uint16_t port_ = 0;
    std::string key_;
};

}  // namespace darkroom::e2e
