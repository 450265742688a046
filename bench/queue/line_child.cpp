#include "bench/queue/line_child.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "bench/queue/failure.h"

namespace darkroom::bench {
namespace {

constexpr Milliseconds stop_patience{10'000};

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    DR_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

LineChild::LineChild(testing::ChildPlan plan) : plan_(std::move(plan)) {
    auto [in_read, in_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    auto with_pipes = plan_;
    with_pipes.in_fd = in_read.get();
    with_pipes.out_fd = out_write.get();
    process_ = std::make_unique<testing::ChildProcess>(with_pipes);
    to_child_ = std::move(in_write);
    from_child_ = std::move(out_read);
}

LineChild::~LineChild() {
    to_child_.reset();
    (void)process_->wait(stop_patience);
}

void LineChild::give_up(const std::string& what) const {
    std::string arguments;
    for (const auto& argument : plan_.arguments) arguments += " " + argument;
    throw CannotMeasure(plan_.program.filename().string() + arguments + " " + what + "\n" +
                        testing::read_file(plan_.err_file));
}

boost::json::object LineChild::ask(const boost::json::object& command, Milliseconds patience) {
    const auto line = boost::json::serialize(command) + "\n";
    if (::write(to_child_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        give_up("takes no commands");
    const auto answer = parse_json(read_line(patience));
    if (!answer || !answer->is_object()) give_up("does not answer in JSON");
    const auto& fields = answer->get_object();
    if (const auto* error = fields.if_contains("error"))
        give_up("failed at " + boost::json::serialize(command) + ": " + boost::json::serialize(*error));
    return fields;
}

std::string LineChild::read_line(Milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto end = unread_.find('\n'); end != std::string::npos) {
            auto line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd readable{from_child_.get(), POLLIN, 0};
        char buffer[4096];
        ssize_t got = 0;
        if (::poll(&readable, 1, std::max(0, static_cast<int>(left.count()))) > 0)
            got = ::read(from_child_.get(), buffer, sizeof buffer);
        if (got <= 0) give_up("does not answer");
        unread_.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace darkroom::bench
