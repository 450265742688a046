// Costs and remote jobs are told to administrators: what was spent for whom and on what, and every remote job
// that there was.
#include "api/api_fixture.h"
#include "api/usd.h"

namespace darkroom::api::testing {
namespace {

using Costs = ApiTest;
using RemoteAudit = ApiTest;

ports::CostRow row(const char* day, const char* user, const char* type, std::int64_t cost_micro_usd) {
    return {.day = day,
            .user = *UserId::parse(user),
            .type = type,
            .endpoint = "eu-cz",
            .remote_jobs = 2,
            .execution_ms = 5'000,
            .cost_micro_usd = cost_micro_usd};
}

TEST_F(Costs, AreToldByDayAndSummedByTypeAndUser) {
    books.costs = {row("2026-11-21", "ann", "bg_remove", 1'550), row("2026-11-21", "bob", "bg_remove", 450),
                   row("2026-11-22", "ann", "upscale_2k", 1'000'000)};
    const auto told = get("/api/v1/admin/costs", {{"from", "2026-11-21"}, {"to", "2026-11-22"}});
    ASSERT_EQ(told.status, 200) << told.text;
    EXPECT_EQ(books.asked_days, std::pair(std::string("2026-11-21"), std::string("2026-11-22")));
    EXPECT_NE(told.text.find(R"({"day":"2026-11-21","user_id":"ann","type":"bg_remove","endpoint":"eu-cz",)"
                             R"("remote_jobs":2,"execution_ms":5000,"cost_usd":0.001550})"),
              std::string::npos)
        << told.text;
    EXPECT_NE(told.text.find(R"("by_type":[{"type":"bg_remove","remote_jobs":4,"execution_ms":10000,)"
                             R"("cost_usd":0.002000},{"type":"upscale_2k","remote_jobs":2)"),
              std::string::npos)
        << told.text;
    EXPECT_NE(told.text.find(R"("by_user":[{"user_id":"ann","remote_jobs":4,"execution_ms":10000,)"
                             R"("cost_usd":1.001550},{"user_id":"bob")"),
              std::string::npos)
        << told.text;
    EXPECT_NE(told.text.find(R"("total":{"remote_jobs":6,"execution_ms":15000,"cost_usd":1.002000})"),
              std::string::npos)
        << told.text;
}

TEST_F(Costs, WithoutDaysAreOfTheLastThirty) {
    const auto today = format_rfc3339(clock_.now()).substr(0, 10);
    ASSERT_EQ(get("/api/v1/admin/costs").status, 200);
    EXPECT_EQ(books.asked_days.second, today);
    EXPECT_EQ(books.asked_days.first,
              format_rfc3339(clock_.now() - Milliseconds(29LL * 86'400'000)).substr(0, 10));
    ASSERT_EQ(get("/api/v1/admin/costs", {{"to", "2024-03-01"}}).status, 200);
    EXPECT_EQ(books.asked_days.first, "2024-02-01");
}

TEST_F(Costs, DaysThatAreNoneAreRefused) {
    const std::vector<ports::HttpFields> wrong = {
        {{"from", "yesterday"}},
        {{"from", ""}},
        {{"from", "2026-02-29"}},
        {{"from", "2026-11-22T00:00:00Z"}},
        {{"to", "2026-1-2"}},
        {{"to", std::string(10'000, '1')}},
        {{"from", "2026-11-23"}, {"to", "2026-11-22"}},
        {{"from", "1990-01-01"}, {"to", "2026-11-22"}},
        {{"user", "ann"}},
        {{"from", "2026-11-22' OR 1=1"}},
    };
    for (const auto& query : wrong) {
        const auto told = get("/api/v1/admin/costs", query);
        EXPECT_EQ(told.status, 400) << query[0].second.substr(0, 40);
        EXPECT_EQ(told.at("/code"), "bad_filter");
    }
    EXPECT_EQ(books.asked_days.first, "") << "the store was not asked";
}

TEST_F(Costs, AreForAdministrators) {
    EXPECT_EQ(get("/api/v1/admin/costs", {}, "a user's key").status, 403);
    EXPECT_EQ(get("/api/v1/admin/costs", {}, "nobody's key").status, 401);
    EXPECT_EQ(get("/api/v1/admin/remote-jobs", {}, "a user's key").status, 403);
    EXPECT_EQ(get("/api/admin/costs").status, 200) << "both bases";
}

TEST_F(Costs, AStoreThatIsDownIsSaidToBe) {
    books.broken = true;
    EXPECT_EQ(get("/api/v1/admin/costs").status, 503);
}

TEST_F(RemoteAudit, EveryRemoteJobIsToldWithWhatBecameOfIt) {
    ports::RemoteJob ended;
    ended.ref.attempt = *AttemptId::parse("22222222-2222-4222-8222-222222222222");
    ended.job = *JobId::parse("11111111-1111-4111-8111-111111111111");
    ended.endpoint = "eu-cz";
    ended.target = "https://api.runpod.ai/v2|ep1";
    ended.remote_id = "0b6f2f5e-u1";
    ended.state = ports::RemoteState::ended;
    ended.ended_as = "succeeded";
    ended.execution = Milliseconds(3'391);
    ended.cost_micro_usd = 1'051;
    auto unclear = ended;
    unclear.ref.submission = 2;
    unclear.remote_id.clear();
    unclear.ended_as.clear();
    unclear.execution.reset();
    unclear.state = ports::RemoteState::unclear;
    books.page = {{ended, unclear}, 42};
    const auto told = get("/api/v1/admin/remote-jobs", {{"after", "7"}, {"limit", "2"}});
    ASSERT_EQ(told.status, 200) << told.text;
    EXPECT_EQ(books.asked_page, std::pair(std::int64_t{7}, 2));
    EXPECT_EQ(told.at("/next_after"), "42");
    EXPECT_EQ(told.at("/remote_jobs/0/attempt_id"), "22222222-2222-4222-8222-222222222222");
    EXPECT_EQ(told.at("/remote_jobs/0/remote_id"), "0b6f2f5e-u1");
    EXPECT_EQ(told.at("/remote_jobs/0/state"), "ended");
    EXPECT_EQ(told.at("/remote_jobs/0/ended_as"), "succeeded");
    EXPECT_EQ(told.at("/remote_jobs/0/execution_ms"), "3391");
    EXPECT_NE(told.text.find(R"("cost_usd":0.001051)"), std::string::npos);
    EXPECT_EQ(told.at("/remote_jobs/1/submission"), "2");
    EXPECT_EQ(told.at("/remote_jobs/1/remote_id"), "null");
    EXPECT_EQ(told.at("/remote_jobs/1/state"), "unclear");
    EXPECT_EQ(told.at("/remote_jobs/1/ended_as"), "null");
}

TEST_F(RemoteAudit, TheLastPageLeadsNowhereAndWrongPlacesAreRefused) {
    EXPECT_EQ(get("/api/v1/admin/remote-jobs").at("/next_after"), "null");
    for (const auto& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"after", "-1"},
                                                          {"after", "x"},
                                                          {"after", "99999999999999999999"},
                                                          {"limit", "0"},
                                                          {"limit", "1001"},
                                                          {"page", "1"}})
        EXPECT_EQ(get("/api/v1/admin/remote-jobs", {{name, value}}).status, 400) << name << value;
}

TEST(Usd, HasSixDecimals) {
    EXPECT_EQ(usd_text(0), "0.000000");
    EXPECT_EQ(usd_text(1), "0.000001");
    EXPECT_EQ(usd_text(700), "0.000700");
    EXPECT_EQ(usd_text(1'000'000), "1.000000");
    EXPECT_EQ(usd_text(12'345'678'901), "12345.678901");
    EXPECT_EQ(usd_text(-700), "-0.000700");
    EXPECT_EQ(usd_text(-1'500'000), "-1.500000");
}

}  // namespace
}  // namespace darkroom::api::testing
