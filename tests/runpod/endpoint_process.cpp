#include "tests/runpod/endpoint_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "base/json.h"

namespace darkroom::runpod {
namespace {

constexpr Milliseconds start_patience{20'000};
constexpr const char* client_key = "local-client-key";
constexpr const char* worker_key = "local-worker-key";

std::string first_line(int fd) {
    std::string line;
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    while (line.empty() || line.back() != '\n') {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd readable{fd, POLLIN, 0};
        char c = 0;
        if (left.count() <= 0 || ::poll(&readable, 1, int(left.count())) <= 0 || ::read(fd, &c, 1) != 1)
            return "";
        line += c;
    }
    line.pop_back();
    return line;
}

}  // namespace

EndpointProcess::EndpointProcess(std::vector<std::string> flags) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const UniqueFd out(ends[0]);
    UniqueFd in(ends[1]);
    testing::ChildPlan plan;
    plan.program = DR_DARKROOM;
    plan.arguments = {"endpoint", "--journal", (folder_.path() / "journal").string()};
    plan.arguments.insert(plan.arguments.end(), flags.begin(), flags.end());
    plan.working_dir = folder_.path();
    plan.err_file = folder_.path() / "err";
    plan.out_fd = in.get();
    child_ = std::make_unique<testing::ChildProcess>(plan);
    in.reset();
    base_ = first_line(out.get());
    EXPECT_NE(base_, "") << log();
    if (base_.size() < 3) base_ = "http://127.0.0.1:9/v2";
}

Answer EndpointProcess::call(ports::HttpMethod method, const std::string& path, const std::string& key,
                             const std::string& body, Milliseconds patience) {
    ports::OutgoingRequest request;
    request.method = method;
    request.url = root() + path;
    if (!key.empty()) request.headers.emplace_back("Authorization", key);
    request.body = body;
    request.total_timeout = patience;
    auto answer = client_.fetch(request);
    if (!answer) return {};
    return {answer->status, std::move(answer->body), std::move(answer->headers)};
}

Answer EndpointProcess::get(const std::string& path, Milliseconds patience) {
    return call(ports::HttpMethod::get, "/v2/ep-local" + path, std::string("Bearer ") + client_key, "",
                patience);
}

Answer EndpointProcess::post(const std::string& path, const std::string& body) {
    return call(ports::HttpMethod::post, "/v2/ep-local" + path, std::string("Bearer ") + client_key, body);
}

Answer EndpointProcess::worker_get(const std::string& path) {
    return call(ports::HttpMethod::get, "/v2/ep-local" + path, worker_key);
}

Answer EndpointProcess::worker_post(const std::string& path, const std::string& body) {
    return call(ports::HttpMethod::post, "/v2/ep-local" + path, worker_key, body);
}

void EndpointProcess::faults(const std::string& json) {
    const auto answer =
        call(ports::HttpMethod::post, "/_darkroom/faults", client_key, R"({"faults":)" + json + "}");
    ASSERT_EQ(answer.status, 200) << answer.body;
}

std::string EndpointProcess::run(const std::string& body) { return member(post("/run", body).body, "id"); }

std::string member(const std::string& json, const std::string& name) {
    const auto parsed = parse_json(json);
    if (!parsed || !parsed->is_object()) return "";
    const auto* value = parsed->get_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace darkroom::runpod
