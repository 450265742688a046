// Each way in which RunPod can be set up wrong is one line that names its cause, before any job is lost to
// it.
#include "app/runpod_doctor.h"

#include <gtest/gtest.h>

#include <map>

#include "runpod/client/testing/scripted_api.h"
#include "tests/support/seeded_random.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;
using Answer = Result<ports::FetchedAnswer, ports::FetchFailure>;

/// Answers by the path of the URL, the same each time.
class Runpod : public ports::HttpClient {
public:
    Answer fetch(const ports::OutgoingRequest& request) override {
        const auto found = answers.find(request.url);
        if (found == answers.end())
            return Fail(ports::FetchFailure{ports::FetchError::unreachable, "nobody listens"});
        auto answer = found->second;
        if (answer.status == 200 && request.on_body) {
            request.on_body(answer.body);
            answer.body.clear();
        }
        return answer;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "not pulled"});
    }

    std::map<std::string, ports::FetchedAnswer> answers;
};

class RunpodDoctor : public ::testing::Test {
protected:
    RunpodDoctor() {
        settings.base_url = "https://pictures.example.com";
        settings.storage.kind = StorageKind::bucket;
        settings.storage.bucket = objects::bucket_settings("pictures", "", "us-east-1");
        settings.runpod.api_key = "rpa_secret";
        settings.runpod.base_url = "https://api.runpod.ai/v2";
        settings.runpod.rest_url = "https://api.runpod.io/v2";
        settings.runpod.endpoints = {{.id = "ep1", .name = "eu-cz", .gpu = "RTX 4090", .volume = {}}};
        settings.runpod.callback_secrets = {*runpod::CallbackSecret::parse("0123456789abcdef")};
        health(R"({"idle":1,"initializing":0,"ready":1,"running":0,"throttled":0,"unhealthy":0})");
        set_up(2, 5);
        runpod.answers["https://pictures.example.com/healthz"] = {
            200, {{"darkroom-request-id", "req_1"}}, R"({"status":"ok"})"};
    }
    void health(const std::string& workers) {
        runpod.answers["https://api.runpod.ai/v2/ep1/health"] = {
            200, {}, R"({"jobs":{"completed":1,"inQueue":3},"workers":)" + workers + "}"};
    }
    void set_up(int min, int max) {
        runpod.answers["https://api.runpod.io/v2/serverless/ep1"] = {
            200,
            {},
            R"({"id":"ep1","name":"pictures","type":"QUEUE","workers":{"min":)" + std::to_string(min) +
                R"(,"max":)" + std::to_string(max) +
                R"(,"idleTimeout":5},"gpu":{"pools":["ADA_24"],"count":1}})"};
    }
    std::vector<Finding> examine(bool gateway_runs = true) {
        auto findings = examine_runpod(settings, gateway_runs, runpod, clock, random);
        for (const auto& finding : findings)
            EXPECT_EQ(finding.detail.find("rpa_secret"), std::string::npos) << finding.detail;
        return findings;
    }
    /// The only one of its level.
    std::string only(const std::vector<Finding>& findings, Level level) {
        std::string found;
        for (const auto& finding : findings) {
            if (finding.level != level) continue;
            EXPECT_EQ(found, "") << "a second one: " << finding.detail;
            found = finding.about + ": " + finding.detail;
        }
        return found;
    }
    static bool holds(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    Settings settings;
    Runpod runpod;
    runpod::testing::JumpingClock clock;
    darkroom::testing::SeededRandom random{1};
};

TEST_F(RunpodDoctor, FindsNothingWrongWhereNothingIs) {
    set_up(0, 5);
    const auto findings = examine();
    EXPECT_EQ(only(findings, Level::failed), "");
    EXPECT_EQ(only(findings, Level::warning), "");
    EXPECT_GE(findings.size(), 4u);
}

TEST_F(RunpodDoctor, IsSilentWhereRunpodIsNotUsed) {
    settings.runpod.endpoints.clear();
    runpod.answers.clear();
    EXPECT_TRUE(examine().empty());
}

TEST_F(RunpodDoctor, ARefusedKeyIsToldOnceForAllEndpoints) {
    settings.runpod.endpoints.push_back({.id = "ep2", .name = "us", .gpu = {}, .volume = {}});
    for (const auto* id : {"ep1", "ep2"})
        runpod.answers["https://api.runpod.ai/v2/" + std::string(id) + "/health"] = {
            401, {}, R"({"error":"bad key rpa_secret"})"};
    EXPECT_TRUE(holds(only(examine(), Level::failed), "RUNPOD_API_KEY is refused"));
}

TEST_F(RunpodDoctor, AnEndpointThatIsNotThereIsNamed) {
    runpod.answers["https://api.runpod.ai/v2/ep1/health"] = {404, {}, "not found"};
    const auto fault = only(examine(), Level::failed);
    EXPECT_TRUE(holds(fault, "endpoint eu-cz: there is no endpoint ep1")) << fault;
    EXPECT_TRUE(holds(fault, "RUNPOD_ENDPOINT_ID"));
}

TEST_F(RunpodDoctor, RunpodThatDoesNotAnswerIsNamedWithItsAddress) {
    runpod.answers.erase("https://api.runpod.ai/v2/ep1/health");
    const auto fault = only(examine(), Level::failed);
    EXPECT_TRUE(holds(fault, "does not answer at https://api.runpod.ai/v2")) << fault;
}

TEST_F(RunpodDoctor, AnEndpointScaledToZeroIsExplained) {
    set_up(0, 0);
    health(R"({"idle":0,"initializing":0,"ready":0,"running":0})");
    const auto fault = only(examine(), Level::failed);
    EXPECT_TRUE(holds(fault, "max workers is 0")) << fault;
    EXPECT_TRUE(holds(fault, "idle days")) << fault;
}

TEST_F(RunpodDoctor, ThrottledAndUnhealthyWorkersAreExplained) {
    set_up(0, 5);
    health(R"({"throttled":2})");
    EXPECT_TRUE(holds(only(examine(), Level::warning), "endpoint eu-cz: "));
    health(R"({"unhealthy":2})");
    EXPECT_TRUE(holds(only(examine(), Level::failed), "endpoint eu-cz: "));
}

TEST_F(RunpodDoctor, AManagementApiThatDoesNotAnswerIsAWarning) {
    runpod.answers["https://api.runpod.io/v2/serverless/ep1"] = {503, {}, "<html>"};
    EXPECT_TRUE(holds(only(examine(), Level::warning), "RUNPOD_REST_URL"));
}

TEST_F(RunpodDoctor, APublicAddressThatLeadsElsewhereIsAFault) {
    set_up(0, 5);
    runpod.answers["https://pictures.example.com/healthz"] = {200, {}, "<html>parked</html>"};
    EXPECT_TRUE(holds(only(examine(), Level::failed), "does not lead to a Darkroom"));
    runpod.answers.erase("https://pictures.example.com/healthz");
    EXPECT_TRUE(holds(only(examine(), Level::failed), "nobody answers at https://pictures.example.com"));
    const auto before_the_start = examine(false);
    EXPECT_EQ(only(before_the_start, Level::failed), "");
    EXPECT_TRUE(holds(only(before_the_start, Level::warning), "no gateway runs"));
}

TEST_F(RunpodDoctor, APublicAddressWithoutTlsIsAWarning) {
    set_up(0, 5);
    settings.base_url = "http://pictures.example.com";
    runpod.answers["http://pictures.example.com/healthz"] =
        runpod.answers["https://pictures.example.com/healthz"];
    EXPECT_TRUE(holds(only(examine(), Level::warning), "not https"));
}

TEST_F(RunpodDoctor, MissingCallbacksAreAWarning) {
    set_up(0, 5);
    settings.runpod.callback_secrets.clear();
    EXPECT_TRUE(holds(only(examine(), Level::warning), "CALLBACK_SECRET is not set"));
}

TEST_F(RunpodDoctor, ABucketThatWorkersCannotReachIsAFault) {
    settings.storage.bucket = objects::bucket_settings("pictures", "http://127.0.0.1:9000", "us-east-1");
    EXPECT_TRUE(holds(only(examine(), Level::failed), "cannot reach the bucket at http://127.0.0.1:9000"));
    settings.runpod.is_near = true;
    EXPECT_EQ(only(examine(), Level::failed), "");
}

}  // namespace
}  // namespace darkroom::app
