// `darkroom jobs attempt|select`, and how a card shows attempts, models and the steps of a chain.
#include <gmock/gmock.h>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using fakes::problem_answer;
using ports::HttpMethod;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* id = "00000000-0000-4000-8000-000000000001";
constexpr const char* first = "44444444-4444-4444-8444-444444444441";
constexpr const char* second = "44444444-4444-4444-8444-444444444442";

class AttemptsCommand : public testing::Test {
protected:
    AttemptsCommand() {
        darkroom.with_server();
        darkroom.http.on(HttpMethod::get, "/api/v1/jobs/", [this](const auto&) -> Answer {
            return json_answer(200, R"({"id":")" + std::string(id) +
                                        R"(","type":"restore","status":"SUCCEEDED",
                "params":{"v":1,"denoise":0.7,"seed":null},"selected_attempt_id":")" +
                                        second + R"(","attempts":[
                {"id":")" + first + R"(","number":1,"status":"SUCCEEDED","endpoint":"eu","models":[]},
                {"id":")" + second + R"(","number":2,"status":"SUCCEEDED","endpoint":"eu",
                 "models":[{"name":"SDXL","version":"1.0","licence":"RAIL-M","grant":"contract 7"}]}])" +
                                        more + "}");
        });
    }
    void on(HttpMethod method, const std::string& path, Answer answer) {
        darkroom.http.on(method, path, [=](const auto&) { return answer; });
    }
    std::string sent(HttpMethod method, const std::string& path) {
        const auto seen = darkroom.http.seen(method, path);
        return seen.size() == 1 ? seen[0].body : std::to_string(seen.size()) + " requests";
    }
    static Answer job(const std::string& status) {
        return json_answer(202, R"({"id":")" + std::string(id) + R"(","status":")" + status + R"("})");
    }
    fakes::Darkroom darkroom;
    std::string more;
};

TEST_F(AttemptsCommand, ChangesOnlyTheParamsThatAreNamed) {
    on(HttpMethod::post, "/attempts", job("QUEUED"));
    const auto outcome = darkroom.run({"jobs", "attempt", id, "-p", "denoise=0.5", "--backend", "pod"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(*parse_json(sent(HttpMethod::post, "/attempts")),
              *parse_json(R"({"params":{"v":1,"denoise":0.5,"seed":null},"backend":"pod"})"));
    EXPECT_EQ(outcome.out, std::string(id) + "  QUEUED\n");
    EXPECT_THAT(outcome.err, HasSubstr("darkroom jobs watch " + std::string(id)));
}

TEST_F(AttemptsCommand, TakesAllParamsAtOnceToo) {
    on(HttpMethod::post, "/attempts", job("QUEUED"));
    EXPECT_EQ(darkroom.run({"jobs", "attempt", id, "--params", R"({"denoise":1})"}).code, 0);
    EXPECT_EQ(sent(HttpMethod::post, "/attempts"), R"({"params":{"denoise":1}})");
    for (const auto* params : {"", "7", "[]", "{", "{'a':1}"})
        EXPECT_EQ(darkroom.run({"jobs", "attempt", id, "--params", params}).code, 2) << params;
    EXPECT_EQ(darkroom.http.seen(HttpMethod::post, "/attempts").size(), 1u);
}

TEST_F(AttemptsCommand, ARefusalIsSaidWithItsExitCode) {
    on(HttpMethod::post, "/attempts", problem_answer(409, "not_ended", "The job is RUNNING."));
    const auto outcome = darkroom.run({"jobs", "attempt", id});
    EXPECT_EQ(outcome.code, 6);
    EXPECT_THAT(outcome.err, HasSubstr("The job is RUNNING."));
    EXPECT_EQ(darkroom.http.seen(HttpMethod::post, "/attempts").size(), 1u) << "never sent twice";
    on(HttpMethod::post, "/attempts", json_answer(202, "[]"));
    EXPECT_EQ(darkroom.run({"jobs", "attempt", id}).code, 1);
}

TEST_F(AttemptsCommand, AnAttemptIsSelectedByItsNumber) {
    on(HttpMethod::put, "/selected_attempt", job("SUCCEEDED"));
    const auto outcome = darkroom.run({"jobs", "select", id, "1"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(sent(HttpMethod::put, "/selected_attempt"), R"({"attempt_id":")" + std::string(first) + "\"}");
    EXPECT_EQ(outcome.out, std::string(id) + "  shows attempt 1\n");
    const auto none = darkroom.run({"jobs", "select", id, "3"});
    EXPECT_EQ(none.code, 5);
    EXPECT_THAT(none.err, HasSubstr("the job has no attempt 3; it has 2 attempts"));
}

TEST_F(AttemptsCommand, AnIdNeedsNoQuestion) {
    on(HttpMethod::put, "/selected_attempt", job("SUCCEEDED"));
    EXPECT_EQ(darkroom.run({"jobs", "select", id, second, "--json"}).code, 0);
    EXPECT_TRUE(darkroom.http.seen(HttpMethod::get, "/api/v1/jobs/").empty());
}

TEST_F(AttemptsCommand, ACardTellsWhichAttemptIsShownAndWhatItUsed) {
    const auto out = darkroom.run({"jobs", "get", id}).out;
    EXPECT_THAT(out, AllOf(HasSubstr("1  SUCCEEDED  on eu\n"), HasSubstr("2  SUCCEEDED  on eu  (shown)\n"),
                           HasSubstr("Models    SDXL  1.0  RAIL-M  contract 7\n"), Not(HasSubstr("Steps"))));
}

TEST_F(AttemptsCommand, ACardShowsTheStepsOfAChainAndTheChainOfAStep) {
    more = R"(,"steps":[{"id":"cut","job_id":")" + std::string(second) +
           R"(","type":"bg_remove","status":"SUCCEEDED",
        "error":null},{"id":"up","job_id":")" +
           first + R"(","type":"upscale_2k","status":"FAILED",
        "error":{"code":"timeout","message":"Too long."}},7],"recipe":"packshot@3",
        "chain":{"id":"abc","step":"up","from":"cut.main"})";
    EXPECT_THAT(
        darkroom.run({"jobs", "get", id}).out,
        AllOf(
            HasSubstr("Recipe    packshot@3\n"), HasSubstr("Chain     step up of abc, on cut.main\n"),
            HasSubstr("Steps     cut  bg_remove  SUCCEEDED  " + std::string(second) + "\n"),
            HasSubstr("          up  upscale_2k  FAILED  " + std::string(first) + "  timeout: Too long.\n")));
}

}  // namespace
}  // namespace darkroom::cli
