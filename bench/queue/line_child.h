// A program that is told commands as JSON lines and answers each with one JSON line: how every queue is
// driven, Darkroom's own included (peers/talk.cjs lists the commands). It ends with its input, or is killed.
#pragma once
#include <boost/json/object.hpp>
#include <string>

#include "base/time.h"
#include "tests/support/talking_child.h"

namespace darkroom::bench {

class LineChild {
public:
    /// `plan` leaves input and output to this object and names an err_file.
    explicit LineChild(testing::ChildPlan plan);

    /// Throws CannotMeasure with what the program said if it answers with an error, or not in time.
    boost::json::object ask(const boost::json::object& command, Milliseconds patience);
    pid_t pid() const { return child_.pid(); }

private:
    [[noreturn]] void give_up(const std::string& what) const;

    const testing::ChildPlan plan_;
    testing::TalkingChild child_;
};

}  // namespace darkroom::bench
