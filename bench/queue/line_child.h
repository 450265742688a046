// A program that is told commands as JSON lines and answers each with one JSON line: how every queue is
// driven, Darkroom's own included (peers/talk.cjs lists the commands). It ends with its input, or is killed.
#pragma once
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "base/time.h"
#include "base/unique_fd.h"
#include "tests/support/child_process.h"

namespace darkroom::bench {

class LineChild {
public:
    /// `plan` leaves input and output to this object and names an err_file.
    explicit LineChild(testing::ChildPlan plan);
    LineChild(const LineChild&) = delete;
    LineChild& operator=(const LineChild&) = delete;
    ~LineChild();

    /// Throws CannotMeasure with what the program said if it answers with an error, or not in time.
    boost::json::object ask(const boost::json::object& command, Milliseconds patience);
    pid_t pid() const { return process_->pid(); }

private:
    std::string read_line(Milliseconds patience);
    [[noreturn]] void give_up(const std::string& what) const;

    testing::ChildPlan plan_;
    UniqueFd to_child_;
    UniqueFd from_child_;
    std::string unread_;
    std::unique_ptr<testing::ChildProcess> process_;
};

}  // namespace darkroom::bench
