#include "metrics/metered_http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_web.h"

namespace darkroom::metrics {
namespace {

using ::testing::ElementsAre;

struct Requests : ports::Meters {
    void provider_request(const ports::ProviderRequest& request) override {
        seen.push_back(std::string(request.endpoint) + " " + std::string(request.op) + " " +
                       std::string(request.code));
    }
    std::vector<std::string> seen;
};

class Answering : public ports::HttpClient {
public:
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest&) override {
        return answer;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::tls, "no"});
    }
    Result<ports::FetchedAnswer, ports::FetchFailure> answer = ports::FetchedAnswer{};
};

TEST(RequestOps, AreWordsOfAClosedListAndNeverIds) {
    EXPECT_EQ(op_of("https://api.runpod.ai/v2/run1/run", runpod_ops()), "run");
    EXPECT_EQ(op_of("https://api.runpod.ai/v2/ep/status/abc-u1?x=/cancel", runpod_ops()), "status");
    EXPECT_EQ(op_of("http://127.0.0.1:1/v2/ep/purge-queue", runpod_ops()), "purge-queue");
    EXPECT_EQ(op_of("http://pod:8188/api/history/0f3c", comfyui_ops()), "history");
    EXPECT_EQ(op_of("http://pod:8188/api/upload/image", comfyui_ops()), "upload");
    for (const auto* url : {"", "/", "://", "http://", "http://run", "http://run/", "http://a/b#/run", "x"})
        EXPECT_EQ(op_of(url, runpod_ops()), "other") << url;
}

TEST(MeteredHttp, CountsStatusesAndWhyNoneCame) {
    Answering web;
    Requests meters;
    darkroom::testing::ManualClock clock;
    MeteredHttpClient client(web, "eu-cz", runpod_ops(), meters, clock);
    ports::OutgoingRequest request;
    request.url = "https://api.runpod.ai/v2/ep/run";
    web.answer = ports::FetchedAnswer{429, {}, {}};
    EXPECT_EQ(client.fetch(request)->status, 429);
    web.answer = Fail(ports::FetchFailure{ports::FetchError::interrupted, "cut"});
    EXPECT_FALSE(client.fetch(request));
    EXPECT_FALSE(client.open(request));
    EXPECT_THAT(meters.seen, ElementsAre("eu-cz run 429", "eu-cz run interrupted", "eu-cz run tls"));
}

}  // namespace
}  // namespace darkroom::metrics
