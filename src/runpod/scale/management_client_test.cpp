#include "runpod/scale/management_client.h"

#include <gtest/gtest.h>

#include "runpod/client/testing/scripted_api.h"

namespace darkroom::runpod::scale {
namespace {

using runpod::testing::answered;
using runpod::testing::broken;
using runpod::testing::JumpingClock;
using runpod::testing::ScriptedApi;

constexpr const char* key = "rpa_SECRET";
constexpr const char* fine = R"({"id":"ep1","workers":{"min":0,"max":3}})";

class ManagementClientTest : public ::testing::Test {
protected:
    static ManagementSettings settings() {
        ManagementSettings settings;
        settings.base_url = "https://api.test/v2/";
        settings.api_key = key;
        settings.version = "1";
        return settings;
    }
    static std::string header(const ports::OutgoingRequest& request, std::string_view name) {
        for (const auto& [header, value] : request.headers) {
            if (header == name) return value;
        }
        return {};
    }
    static ScalingChange to(int max) {
        ScalingChange change;
        change.workers_max = max;
        return change;
    }

    ScriptedApi api_;
    JumpingClock clock_;
    ManagementClient client_{settings(), api_, clock_};
};

TEST_F(ManagementClientTest, AsksAsDocumented) {
    api_.answers({answered(200, fine)});
    ASSERT_TRUE(client_.describe("ep1").ok());
    ASSERT_TRUE(client_.change_scaling("ep1", to(3)).ok());
    api_.answers({answered(200, R"({"workers":[]})")});
    ASSERT_TRUE(client_.list_workers("ep1").ok());
    api_.answers({answered(200, "[]")});
    ASSERT_TRUE(client_.list_prices().ok());
    const auto requests = api_.requests();
    ASSERT_EQ(requests.size(), 4u);
    EXPECT_EQ(requests[0].url, "https://api.test/v2/serverless/ep1");
    EXPECT_EQ(requests[0].method, ports::HttpMethod::get);
    EXPECT_EQ(requests[1].url, "https://api.test/v2/serverless/ep1");
    EXPECT_EQ(requests[1].method, ports::HttpMethod::patch);
    EXPECT_EQ(requests[1].body, R"({"workers":{"max":3}})");
    EXPECT_EQ(header(requests[1], "Content-Type"), "application/json");
    EXPECT_EQ(requests[2].url, "https://api.test/v2/serverless/ep1/workers");
    EXPECT_EQ(requests[3].url, "https://api.test/v2/catalog/gpus");
    for (const auto& request : requests) {
        EXPECT_EQ(header(request, "Authorization"), std::string("Bearer ") + key);
        EXPECT_EQ(header(request, "User-Agent"), "Darkroom/1");
        EXPECT_EQ(request.total_timeout, Milliseconds(15'000));
        EXPECT_LE(request.answer_bytes_max, 1u << 20);
        EXPECT_GE(request.stop_fd, 0);
    }
}

TEST_F(ManagementClientTest, KeepsAnIdInsideItsPlaceInTheAddress) {
    api_.answers({answered(404, "")});
    (void)client_.describe("../admin?x=1");
    EXPECT_EQ(api_.requests()[0].url, "https://api.test/v2/serverless/..%2Fadmin%3Fx%3D1");
}

TEST_F(ManagementClientTest, TellsWhatWentWrongAndNeverTheKey) {
    struct Case {
        runpod::testing::Answer answer;
        CallErrorKind kind;
    };
    const std::string problem =
        R"({"title":"No","status":400,"detail":"the key rpa_SECRET may not","errors":[]})";
    for (const auto& one : {
             Case{answered(400, problem), CallErrorKind::refused},
             Case{answered(401, problem), CallErrorKind::auth},
             Case{answered(403, "rpa_SECRET"), CallErrorKind::auth},
             Case{answered(402, ""), CallErrorKind::funds},
             Case{answered(404, "<html>"), CallErrorKind::not_found},
             Case{answered(500, problem), CallErrorKind::unavailable},
             Case{answered(302, "", {{"Location", "https://elsewhere.test/"}}), CallErrorKind::refused},
             Case{answered(200, ""), CallErrorKind::unavailable},
             Case{answered(200, "<html>rpa_SECRET</html>"), CallErrorKind::unavailable},
             Case{answered(200, R"({"id":"ep2","workers":{"min":0,"max":3}})"), CallErrorKind::unavailable},
             Case{answered(200, R"({"id":"ep1"})"), CallErrorKind::unavailable},
             Case{broken(ports::FetchError::timed_out, "no answer for rpa_SECRET"),
                  CallErrorKind::unavailable},
             Case{broken(ports::FetchError::answer_too_large), CallErrorKind::unavailable},
             Case{broken(ports::FetchError::stopped), CallErrorKind::stopped},
         }) {
        ManagementClient client(settings(), api_, clock_);
        api_.answers({one.answer});
        const auto found = client.describe("ep1");
        ASSERT_FALSE(found.ok());
        EXPECT_EQ(name_of(found.error().kind), name_of(one.kind)) << found.error().detail;
        EXPECT_EQ(found.error().detail.find(key), std::string::npos) << found.error().detail;
    }
}

TEST_F(ManagementClientTest, LooksAgainWhereAChangeIsAnsweredWithoutAWord) {
    for (const auto* body : {"", "{}", "ok", R"({"id":"other","workers":{"min":0,"max":9}})"}) {
        api_.answers({answered(204, body), answered(200, fine)});
        const auto found = client_.change_scaling("ep1", to(3));
        ASSERT_TRUE(found.ok()) << found.error().detail;
        EXPECT_EQ(found->workers_max, 3);
    }
}

TEST_F(ManagementClientTest, DoesNotAskWhatRunPodWouldRefuse) {
    const auto found = client_.change_scaling("ep1", to(-1));
    EXPECT_EQ(found.error().kind, CallErrorKind::refused);
    EXPECT_TRUE(api_.requests().empty());
}

TEST_F(ManagementClientTest, AsksNothingOnceTheLimitIsReached) {
    api_.answers({answered(200, fine, {{"RateLimit", R"("minute";r=0;t=40)"}}), answered(200, fine)});
    EXPECT_TRUE(client_.describe("ep1").ok()) << "the last one is answered all the same";
    const auto refused = client_.list_prices();
    EXPECT_EQ(refused.error().kind, CallErrorKind::rate_limited);
    EXPECT_EQ(refused.error().retry_after, Milliseconds(40'000));
    EXPECT_EQ(api_.requests().size(), 1u);
    clock_.advance(Milliseconds(40'000));
    EXPECT_TRUE(client_.describe("ep1").ok());
    EXPECT_EQ(api_.requests().size(), 2u);
}

TEST_F(ManagementClientTest, KeepsToAPauseAfterTooManyRequests) {
    api_.answers({answered(429, "", {{"Retry-After", "7"}}), answered(429, "")});
    EXPECT_EQ(client_.describe("ep1").error().retry_after, Milliseconds(7'000));
    EXPECT_EQ(client_.describe("ep1").error().retry_after, Milliseconds(7'000));
    EXPECT_EQ(api_.requests().size(), 1u);
    clock_.advance(Milliseconds(7'000));
    EXPECT_EQ(client_.describe("ep1").error().kind, CallErrorKind::rate_limited);
    EXPECT_EQ(client_.describe("ep1").error().retry_after, Milliseconds(10'000)) << "no time was named";
    EXPECT_EQ(api_.requests().size(), 2u);
}

TEST_F(ManagementClientTest, TakesANewKeyAndStopsForGood) {
    api_.answers({answered(200, fine)});
    client_.set_api_key("rpa_OTHER");
    ASSERT_TRUE(client_.describe("ep1").ok());
    EXPECT_EQ(header(api_.requests()[0], "Authorization"), "Bearer rpa_OTHER");
    client_.stop();
    EXPECT_EQ(client_.describe("ep1").error().kind, CallErrorKind::stopped);
    EXPECT_EQ(api_.requests().size(), 1u);
}

TEST(ManagementSettingsTest, NamesWhatIsWrong) {
    ManagementSettings wrong;
    EXPECT_EQ(problems(wrong).size(), 1u) << "there is no key";
    wrong.api_key = "a b";
    wrong.base_url = "ftp://x";
    wrong.call_timeout = Milliseconds(0);
    EXPECT_EQ(problems(wrong).size(), 3u);
}

}  // namespace
}  // namespace darkroom::runpod::scale
