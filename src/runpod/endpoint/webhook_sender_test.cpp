#include "runpod/endpoint/webhook_sender.h"

#include <gmock/gmock.h>

#include <thread>

#include "runpod/endpoint/testing/endpoint_fixture.h"

namespace darkroom::runpod::endpoint {
namespace {

using ::testing::MatchesRegex;

/// Answers with the statuses it was given, then with 200; 0 = nobody there.
class Receiver : public ports::HttpClient {
public:
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override {
        requests.push_back(request);
        const int status = statuses.empty() ? 200 : statuses.front();
        if (!statuses.empty()) statuses.erase(statuses.begin());
        if (status == 0) return Fail(ports::FetchFailure{ports::FetchError::unreachable, "nobody"});
        ports::FetchedAnswer answer;
        answer.status = status;
        return answer;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "not used"});
    }
    std::vector<ports::OutgoingRequest> requests;
    std::vector<int> statuses;
};

class WebhookSenders : public EndpointFixture {
protected:
    void finish_one() {
        const auto id = submit("http://127.0.0.1:9/hook?token=t");
        take("w");
        done("w", id);
    }
    Receiver receiver_;
};

std::string header(const ports::OutgoingRequest& request, const std::string& name) {
    for (const auto& [one, value] : request.headers) {
        if (one == name) return value;
    }
    return "";
}

TEST_F(WebhookSenders, PostsAsThePlatformDoes) {
    WebhookSender sender(*endpoint_, receiver_, clock_, random_);
    finish_one();
    EXPECT_EQ(sender.send_due(), 1);
    const auto& request = receiver_.requests.at(0);
    EXPECT_EQ(request.url, "http://127.0.0.1:9/hook?token=t");
    EXPECT_EQ(request.method, ports::HttpMethod::post);
    EXPECT_EQ(header(request, "User-Agent"), "Go-http-client/2.0");
    EXPECT_EQ(header(request, "Content-Type"), "application/json");
    EXPECT_THAT(header(request, "traceparent"), MatchesRegex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
    EXPECT_EQ(header(request, "Authorization"), "");
    EXPECT_EQ(sender.send_due(), 0);
}

TEST_F(WebhookSenders, TriesAgainUntilA2xx) {
    WebhookSender sender(*endpoint_, receiver_, clock_, random_);
    receiver_.statuses = {0, 302, 204};
    finish_one();
    EXPECT_EQ(sender.send_due(), 1);
    pass(5'000);
    EXPECT_EQ(sender.send_due(), 1);
    pass(15'000);
    EXPECT_EQ(sender.send_due(), 1);
    pass(60'000);
    EXPECT_EQ(sender.send_due(), 0);
    EXPECT_EQ(receiver_.requests.size(), 3u);
    EXPECT_EQ(receiver_.requests[0].body, receiver_.requests[2].body);
}

TEST_F(WebhookSenders, StopsAtOnceWhileItWaits) {
    WebhookSender sender(*endpoint_, receiver_, clock_, random_);
    std::thread thread([&] { sender.run(); });
    sender.stop();
    thread.join();
    finish_one();
    EXPECT_EQ(sender.send_due(), 0);
}

}  // namespace
}  // namespace darkroom::runpod::endpoint
