// `darkroom costs`: what was spent, for people and for programs.
#include <gmock/gmock.h>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using testing::HasSubstr;

constexpr const char* spent =
    R"({"from":"2026-11-01","to":"2026-11-22","rows":[)"
    R"({"day":"2026-11-21","user_id":"ann","type":"bg_remove","endpoint":"eu-cz","remote_jobs":2,)"
    R"("execution_ms":5000,"cost_usd":0.001550},)"
    R"({"day":"2026-11-22","user_id":"bob","type":"upscale_2k","endpoint":"us","remote_jobs":1,)"
    R"("execution_ms":61000,"cost_usd":0.018910}],)"
    R"("by_type":[{"type":"bg_remove","remote_jobs":2,"execution_ms":5000,"cost_usd":0.001550},)"
    R"({"type":"upscale_2k","remote_jobs":1,"execution_ms":61000,"cost_usd":0.018910}],)"
    R"("by_user":[{"user_id":"ann","remote_jobs":2,"execution_ms":5000,"cost_usd":0.001550},)"
    R"({"user_id":"bob","remote_jobs":1,"execution_ms":61000,"cost_usd":0.018910}],)"
    R"("total":{"remote_jobs":3,"execution_ms":66000,"cost_usd":0.020460}})";

class CostsCommand : public testing::Test {
protected:
    CostsCommand() { darkroom.with_server(); }
    void answer(const std::string& body, int status = 200) {
        darkroom.http.on(ports::HttpMethod::get, "/api/v1/admin/costs",
                         [=](const auto&) -> Answer { return json_answer(status, body); });
    }
    fakes::Darkroom darkroom;
};

TEST_F(CostsCommand, SumsByTypeAndByUserForPeople) {
    answer(spent);
    const auto outcome = darkroom.run({"costs"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out,
              "TYPE        RUNS  GPU TIME  COST\n"
              "bg_remove   2     5.0 s     $0.0015\n"
              "upscale_2k  1     1 m 1 s   $0.0189\n"
              "\n"
              "USER  RUNS  GPU TIME  COST\n"
              "ann   2     5.0 s     $0.0015\n"
              "bob   1     1 m 1 s   $0.0189\n");
    EXPECT_EQ(outcome.err, "2026-11-01 to 2026-11-22: 3 remote jobs, 1 m 6 s of GPU, $0.0205.\n");
}

TEST_F(CostsCommand, RowsAndJsonAreForPrograms) {
    answer(spent);
    EXPECT_THAT(darkroom.run({"costs", "--plain"}).out,
                HasSubstr("2026-11-21\tann\tbg_remove\teu-cz\t2\t5000\t0.001550\n"));
    EXPECT_EQ(*parse_json(darkroom.run({"costs", "--json"}).out), *parse_json(spent));
}

TEST_F(CostsCommand, AsksForTheDaysThatAreNamed) {
    answer(spent);
    EXPECT_EQ(darkroom.run({"costs", "--from", "2026-11-01", "--to", "2026-11-22"}).code, 0);
    EXPECT_EQ(darkroom.run({"costs", "--to", "2026-11-22"}).code, 0);
    const auto seen = darkroom.http.seen(ports::HttpMethod::get, "/api/v1/admin/costs");
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_THAT(seen[0].url, HasSubstr("/api/v1/admin/costs?from=2026-11-01&to=2026-11-22"));
    EXPECT_THAT(seen[1].url, HasSubstr("/api/v1/admin/costs?to=2026-11-22"));
    for (const auto* day : {"yesterday", "2026-13-01", "2026-1-1", "2026-11-22&user=x", ""}) {
        if (*day == '\0') continue;
        EXPECT_EQ(darkroom.run({"costs", "--from", day}).code, 2) << day;
    }
    EXPECT_EQ(darkroom.http.seen(ports::HttpMethod::get, "/api/v1/admin/costs").size(), 2u);
}

TEST_F(CostsCommand, SaysThatNothingWasSpent) {
    answer(R"({"from":"2026-11-01","to":"2026-11-22","rows":[],"by_type":[],"by_user":[],)"
           R"("total":{"remote_jobs":0,"execution_ms":0,"cost_usd":0.000000}})");
    const auto outcome = darkroom.run({"costs"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "2026-11-01 to 2026-11-22: nothing was spent.\n");
}

TEST_F(CostsCommand, AnAnswerThatIsNoneIsAFailure) {
    for (const auto* body : {"[]", "{}", "null", R"({"rows":{},"total":1})"}) {
        answer(body);
        EXPECT_EQ(darkroom.run({"costs"}).code, 1) << body;
    }
    darkroom.http.on(ports::HttpMethod::get, "/api/v1/admin/costs", [](const auto&) -> Answer {
        return fakes::problem_answer(403, "forbidden", "Only an admin key may do this.");
    });
    const auto outcome = darkroom.run({"costs"});
    EXPECT_EQ(outcome.code, 4);
    EXPECT_THAT(outcome.err, HasSubstr("Only an admin key"));
}

}  // namespace
}  // namespace darkroom::cli
