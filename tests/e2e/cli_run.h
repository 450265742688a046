// The command line as somebody at a terminal meets it: words in, text and an exit code out.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/server_process.h"

namespace darkroom::e2e {

struct CliResult {
    int code = -1;
    std::string out;
    std::string err;
};

/// A folder to work in, and `darkroom` started there.
class Cli {
public:
    explicit Cli(Settings environment = {}) : environment_(std::move(environment)) {}

    /// Runs to its end.
    CliResult run(const std::vector<std::string>& arguments) const;
    /// Starts and goes on; the rest is finish()'s.
    void start(const std::vector<std::string>& arguments);
    /// Waits until standard error or output holds `text`.
    bool has_said(const std::string& text) const;
    void send_signal(int number) const { child_->send_signal(number); }
    CliResult finish();

    std::filesystem::path put(const std::string& name, const std::string& bytes) const;
    const std::filesystem::path& folder() const { return folder_.path(); }

private:
    std::unique_ptr<testing::ChildProcess> begin(const std::vector<std::string>& arguments) const;
    CliResult end(testing::ChildProcess& child) const;

    testing::TempDir folder_;
    testing::TempDir outputs_;
    Settings environment_;
    std::unique_ptr<testing::ChildProcess> child_;
};

}  // namespace darkroom::e2e
