// Webhooks of `darkroom endpoint` as a receiver meets them: a real server, a real process, real pauses, but
// shorter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strings.h>

#include <condition_variable>
#include <mutex>

#include "http/server.h"
#include "tests/runpod/endpoint_process.h"

namespace darkroom::runpod {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Takes webhooks and answers what the test wants.
class Receiver {
public:
    struct Got {
        std::string body;
        ports::HttpFields headers;
        Instant at;
    };

    Receiver() {
        ports::HttpRoute route;
        route.method = ports::HttpMethod::post;
        route.pattern = "/hook";
        route.body = {ports::BodyPolicy::Kind::buffer, 32u << 20};
        route.handle = [this](ports::HttpRequest& request) { return take(request); };
        http::ServerOptions options;
        options.handler_threads = 2;
        server_ = std::make_unique<http::Server>(
            options, std::vector<ports::HttpRoute>{route},
            [](int status, std::string_view, std::string_view, const std::string&) {
                ports::HttpResponse answer;
                answer.status = status;
                return answer;
            });
        port_ = server_->start().value();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook?token=t"; }
    void answer_with(std::vector<int> statuses) {
        const std::lock_guard lock(mutex_);
        statuses_ = std::move(statuses);
    }
    /// The first `count` webhooks; fewer if they do not come in time.
    std::vector<Got> wait(std::size_t count, Milliseconds patience = Milliseconds(10'000)) {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, patience, [&] { return got_.size() >= count; });
        return got_;
    }

private:
    ports::HttpResponse take(ports::HttpRequest& request) {
        const std::lock_guard lock(mutex_);
        got_.push_back({std::move(request.body), request.headers, std::chrono::steady_clock::now()});
        came_.notify_all();
        ports::HttpResponse answer;
        if (!statuses_.empty()) {
            answer.status = statuses_.front();
            statuses_.erase(statuses_.begin());
        }
        return answer;
    }

    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<Got> got_;
    std::vector<int> statuses_;
    std::uint16_t port_ = 0;
    std::unique_ptr<http::Server> server_;
};

std::string finish_a_job(EndpointProcess& endpoint, const std::string& webhook, const std::string& report) {
    auto id = endpoint.run(R"({"input":{"n":1},"webhook":")" + webhook + R"("})");
    EXPECT_EQ(member(endpoint.worker_get("/job-take/w1?gpu=LOCAL").body, "id"), id);
    EXPECT_EQ(endpoint.worker_post("/job-done/w1/" + id, report).status, 200);
    return id;
}

std::string header(const Receiver::Got& got, const std::string& wanted) {
    for (const auto& [name, value] : got.headers) {
        if (::strcasecmp(name.c_str(), wanted.c_str()) == 0) return value;
    }
    return "";
}

TEST(EndpointWebhooks, TellOfSuccessAndFailureAsThePlatformDoes) {
    Receiver receiver;
    EndpointProcess endpoint;
    const auto good = finish_a_job(endpoint, receiver.url(), R"({"output":{"ok":1}})");
    const auto first = receiver.wait(1);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_EQ(member(first[0].body, "id"), good);
    EXPECT_EQ(member(first[0].body, "status"), "COMPLETED");
    EXPECT_THAT(first[0].body, HasSubstr(R"("input":{"n":1})"));
    EXPECT_EQ(member(first[0].body, "webhook"), receiver.url());
    EXPECT_THAT(first[0].body, Not(HasSubstr("workerId")));
    EXPECT_EQ(header(first[0], "user-agent"), "Go-http-client/2.0");
    EXPECT_NE(header(first[0], "traceparent"), "");
    finish_a_job(endpoint, receiver.url(), R"({"error":"no memory"})");
    const auto second = receiver.wait(2);
    ASSERT_EQ(second.size(), 2u);
    EXPECT_EQ(member(second[1].body, "status"), "FAILED");
    EXPECT_EQ(member(second[1].body, "error"), "no memory");
}

TEST(EndpointWebhooks, AreTriedThreeTimesWithTheirPausesAndThenGivenUp) {
    Receiver receiver;
    receiver.answer_with({500, 503, 500, 200});
    EndpointProcess endpoint({"--time-scale", "50"});
    finish_a_job(endpoint, receiver.url(), R"({"output":1})");
    const auto got = receiver.wait(3);
    ASSERT_EQ(got.size(), 3u);
    EXPECT_GE(got[1].at - got[0].at, Milliseconds(95));
    EXPECT_GE(got[2].at - got[1].at, Milliseconds(295));
    EXPECT_EQ(got[0].body, got[2].body);
    EXPECT_EQ(receiver.wait(4, Milliseconds(700)).size(), 3u);
    EXPECT_THAT(endpoint.journal(), HasSubstr("webhook_given_up"));
}

TEST(EndpointWebhooks, OneReceiverThatDoesNotAnswerHoldsUpNoOther) {
    Receiver receiver;
    EndpointProcess endpoint;
    finish_a_job(endpoint, "http://127.0.0.1:9/nobody", R"({"output":1})");
    const auto id = finish_a_job(endpoint, receiver.url(), R"({"output":2})");
    const auto got = receiver.wait(1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(member(got[0].body, "id"), id);
}

TEST(EndpointWebhooks, FaultsByFlagReachTheWire) {
    Receiver receiver;
    EndpointProcess endpoint({"--fault", "webhook_dup=#1:3", "--fault", "webhook_drop=#2"});
    const auto first = finish_a_job(endpoint, receiver.url(), R"({"output":1})");
    EXPECT_EQ(receiver.wait(3).size(), 3u);
    finish_a_job(endpoint, receiver.url(), R"({"output":1})");
    EXPECT_EQ(receiver.wait(4, Milliseconds(300)).size(), 3u);
    EXPECT_THAT(endpoint.journal(), HasSubstr(R"("what":"fault","job":")" + first));
}

}  // namespace
}  // namespace darkroom::runpod
