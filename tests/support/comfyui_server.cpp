#include "tests/support/comfyui_server.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/time.h"

namespace darkroom::testing {
namespace {

constexpr Milliseconds answer_patience{60'000};
constexpr Milliseconds stop_patience{5'000};

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    DR_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

ComfyuiServer::ComfyuiServer(std::uint16_t port) {
    auto [in_read, in_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    ChildPlan plan;
    plan.program = DR_COMFYUI_SERVER_SCRIPT;
    plan.arguments = {"--dir", folder().string(), "--port", std::to_string(port)};
    plan.err_file = folder_.path() / "comfyui.log";
    plan.in_fd = in_read.get();
    plan.out_fd = out_write.get();
    process_ = std::make_unique<ChildProcess>(plan);
    to_server_ = std::move(in_write);
    from_server_ = std::move(out_read);
    out_write.reset();
    const auto ready = parse_json(read_line());
    DR_CHECK(ready.ok());
    url_ = std::string(ready->at("url").as_string());
}

ComfyuiServer::~ComfyuiServer() {
    to_server_.reset();  // the end of its input ends it
    (void)process_->wait(stop_patience);
}

std::uint16_t ComfyuiServer::port() const {
    std::uint16_t port = 0;
    const auto digits = url_.substr(url_.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

boost::json::object ComfyuiServer::play(std::string_view order_json) {
    const auto line = std::string(order_json) + "\n";
    DR_CHECK(::write(to_server_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    const auto answer = parse_json(read_line());
    DR_CHECK(answer.ok() && answer->is_object() && !answer->as_object().contains("refused"));
    return answer->as_object();
}

void ComfyuiServer::wait_until_idle() { DR_CHECK(play(R"({"wait":"idle"})").at("idle").as_bool()); }

void ComfyuiServer::wait_until_running() { DR_CHECK(play(R"({"wait":"running"})").at("running").as_bool()); }

std::string ComfyuiServer::read_line() {
    const auto deadline = std::chrono::steady_clock::now() + answer_patience;
    for (;;) {
        if (const auto end = unread_.find('\n'); end != std::string::npos) {
            auto line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd readable{from_server_.get(), POLLIN, 0};
        char buffer[4096];
        ssize_t got = 0;
        if (::poll(&readable, 1, std::max(0, static_cast<int>(left.count()))) > 0) {
            got = ::read(from_server_.get(), buffer, sizeof buffer);
        }
        if (got <= 0) {
            const auto said = read_file(folder_.path() / "comfyui.log");
            std::fprintf(stderr, "the played ComfyUI does not answer: %s\n", said.c_str());
            std::abort();
        }
        unread_.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace darkroom::testing
