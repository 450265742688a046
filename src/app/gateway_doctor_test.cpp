// What keeps a running gateway from its work is told with its cause, and nobody else's gateway is believed.
#include "app/gateway_doctor.h"

#include <gtest/gtest.h>

#include "app/key_files.h"
#include "tests/support/temp_dir.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;

class OneAnswer : public ports::HttpClient {
public:
    Result<ports::FetchedAnswer, ports::FetchFailure> fetch(const ports::OutgoingRequest& request) override {
        asked.push_back(request);
        if (failure) return Fail(ports::FetchFailure{*failure, "as the test wants"});
        return answer;
    }
    Result<std::unique_ptr<ports::OpenAnswer>, ports::FetchFailure> open(
        const ports::OutgoingRequest&) override {
        return Fail(ports::FetchFailure{ports::FetchError::bad_url, "not pulled"});
    }
    std::vector<ports::OutgoingRequest> asked;
    ports::FetchedAnswer answer;
    std::optional<ports::FetchError> failure;
};

class GatewayDoctor : public ::testing::Test {
protected:
    GatewayDoctor() {
        settings.data_dir = folder.path();
        note(R"({"url":"http://127.0.0.1:4711","pid":12})");
        EXPECT_TRUE(write_private_file(folder.path() / "admin.key", "dr_of_the_folder\n").ok());
    }
    void note(const std::string& text) {
        ASSERT_TRUE(write_private_file(folder.path() / "gateway.json", text).ok());
    }
    Finding told(int status, const std::string& body) {
        http.answer = {status, {}, body};
        const auto findings = examine_gateway(settings, http);
        EXPECT_EQ(findings.size(), 1u);
        return findings.empty() ? Finding{Level::ok, "", "nothing was told"} : findings[0];
    }

    darkroom::testing::TempDir folder;
    Settings settings;
    OneAnswer http;
};

TEST_F(GatewayDoctor, AGatewayWithNothingInItsWayIsAsItShouldBe) {
    const auto finding = told(200, R"({"ok":true,"troubles":[]})");
    EXPECT_EQ(finding.level, Level::ok);
    EXPECT_EQ(finding.detail, "runs at http://127.0.0.1:4711, and nothing is in its way");
    ASSERT_EQ(http.asked.size(), 1u);
    EXPECT_EQ(http.asked[0].url, "http://127.0.0.1:4711/api/v1/dispatcher");
    EXPECT_EQ(http.asked[0].headers.at(0).second, "Bearer dr_of_the_folder");
}

TEST_F(GatewayDoctor, EachTroubleOfAGatewayIsToldWithItsCause) {
    const auto finding =
        told(200, R"({"troubles":["The daily spend cap is reached.","The key is refused."]})");
    EXPECT_EQ(finding.level, Level::failed);
    EXPECT_EQ(finding.detail, "The daily spend cap is reached. The key is refused.");
}

TEST_F(GatewayDoctor, AKeyThatIsSetGoesBeforeTheFoldersOwn) {
    settings.api_key = "dr_that_is_set";
    EXPECT_EQ(told(401, "{}").level, Level::warning);
    EXPECT_EQ(http.asked.at(0).headers.at(0).second, "Bearer dr_that_is_set");
}

TEST_F(GatewayDoctor, AnAnswerThatIsNoneIsAFault) {
    for (const auto* body : {"", "<html>", "[]", "{}", R"({"troubles":1})", R"({"troubles":[)"})
        EXPECT_EQ(told(200, body).level, Level::failed) << body;
    EXPECT_EQ(told(500, R"({"troubles":[]})").level, Level::failed);
}

TEST_F(GatewayDoctor, OnlyAGatewayThatIsNoLongerThereIsNoFault) {
    http.failure = ports::FetchError::unreachable;
    EXPECT_TRUE(examine_gateway(settings, http).empty());
    http.failure = ports::FetchError::interrupted;
    EXPECT_EQ(examine_gateway(settings, http).size(), 1u);
}

TEST_F(GatewayDoctor, WithoutAReadableNoteNobodyIsAsked) {
    for (const auto* text : {"", "{", "[]", R"({"url":12})", R"({"pid":12})"}) {
        note(text);
        EXPECT_TRUE(examine_gateway(settings, http).empty()) << text;
    }
    std::filesystem::remove(folder.path() / "gateway.json");
    EXPECT_TRUE(examine_gateway(settings, http).empty());
    EXPECT_TRUE(http.asked.empty());
}

}  // namespace
}  // namespace darkroom::app
