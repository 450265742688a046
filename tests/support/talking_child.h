// A program that is talked with in lines: what a test writes goes to its standard input, what it answers is
// read from its standard output. The end of its input ends it.
#pragma once
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/unique_fd.h"
#include "tests/support/child_process.h"

namespace darkroom::testing {

class TalkingChild {
public:
    /// `plan` leaves input and output to this object and names an err_file.
    explicit TalkingChild(ChildPlan plan, Milliseconds stop_patience = Milliseconds(5'000));
    TalkingChild(const TalkingChild&) = delete;
    TalkingChild& operator=(const TalkingChild&) = delete;
    ~TalkingChild();

    void write_line(std::string_view line);
    /// The next line, without its end. A program that says nothing for a minute ends the test program with
    /// what it wrote to its err_file.
    std::string read_line();
    /// As these, for who has something better to do about it: false and nullopt, if the program does not take
    /// the line or does not answer in time.
    bool try_write_line(std::string_view line);
    std::optional<std::string> try_read_line(Milliseconds patience);
    pid_t pid() const { return process_->pid(); }
    /// SIGKILL.
    void kill() { process_->send_signal(SIGKILL); }

private:
    const ChildPlan plan_;
    const Milliseconds stop_patience_;
    UniqueFd to_child_;
    UniqueFd from_child_;
    std::string unread_;
    std::unique_ptr<ChildProcess> process_;
};

/// The port in "http://host:port".
std::uint16_t port_in(std::string_view url);

}  // namespace darkroom::testing
