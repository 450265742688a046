#include "tests/support/s3_server.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "base/json.h"

namespace darkroom::testing {
namespace {

// It starts in two seconds; a machine that runs many tests at once needs longer.
constexpr Milliseconds answer_patience{60'000};
constexpr Milliseconds stop_patience{5'000};

/// One end stays with the test, the other goes to the child.
std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    DR_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string text_at(const boost::json::value& value, std::string_view name) {
    const auto* text = value.as_object().if_contains(name);
    DR_CHECK(text != nullptr && text->is_string());
    return std::string(text->as_string());
}

}  // namespace

S3Server& S3Server::shared() {
    static S3Server server;
    return server;
}

S3Server::S3Server() {
    auto [in_read, in_write] = make_pipe();
    auto [out_read, out_write] = make_pipe();
    ChildPlan plan;
    plan.program = DR_S3_SERVER_SCRIPT;
    plan.arguments = {"--dir", (folder_.path() / "s3").string(), "--bucket", "pictures", "--stdin-buckets"};
    plan.err_file = folder_.path() / "s3_server.log";
    plan.in_fd = in_read.get();
    plan.out_fd = out_write.get();
    process_ = std::make_unique<ChildProcess>(plan);
    to_server_ = std::move(in_write);
    from_server_ = std::move(out_read);
    out_write.reset();

    const auto ready = parse_json(read_line());
    DR_CHECK(ready.ok());
    endpoint_ = text_at(*ready, "endpoint");
    region_ = text_at(*ready, "region");
    owner_ = {text_at(*ready, "access_key"), text_at(*ready, "secret_key")};
    stranger_ = {text_at(*ready, "other_access_key"), text_at(*ready, "other_secret_key")};
}

S3Server::~S3Server() {
    to_server_.reset();  // the end of its input ends it
    (void)process_->wait(stop_patience);
}

std::uint16_t S3Server::port() const {
    std::uint16_t port = 0;
    const auto digits = endpoint_.substr(endpoint_.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

std::string S3Server::new_bucket() {
    auto name = "pictures-" + std::to_string(++buckets_);
    const auto line = name + "\n";
    DR_CHECK(::write(to_server_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    const auto answer = parse_json(read_line());
    DR_CHECK(answer.ok() && text_at(*answer, "bucket") == name);
    return name;
}

std::string S3Server::read_line() {
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
            const auto said = read_file(folder_.path() / "s3_server.log");
            std::fprintf(stderr, "the S3 server for the tests does not answer: %s\n", said.c_str());
            std::abort();
        }
        unread_.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace darkroom::testing
