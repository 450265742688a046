// `darkroom audit licences`: sums for people, every attempt for programs.
#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/json.h"
#include "cli/fakes.h"

namespace darkroom::cli {
namespace {

using fakes::Answer;
using fakes::json_answer;
using testing::HasSubstr;

std::string attempt(const std::string& recipe, const std::string& models) {
    return R"({"job_id":"j1","number":2,"user_id":"ann","type":"restore","backend":"pod","status":"SUCCEEDED",)"
           R"("created_at":"2026-11-22T00:00:00.000Z","recipe":")" +
           recipe + R"(","recipe_digest":"d1","models":)" + models + "}";
}

constexpr const char* sdxl =
    R"([{"name":"SDXL","version":"1.0","licence":"RAIL-M","commercial":"yes","sha256":"aa","grant":""}])";

class AuditCommand : public testing::Test {
protected:
    AuditCommand() { darkroom.with_server(); }
    void answer(const std::string& attempts, const std::string& next = "null", int times = -1) {
        darkroom.http.on(
            ports::HttpMethod::get, "/api/v1/admin/audit/licences",
            [=](const auto&) -> Answer {
                return json_answer(200, R"({"since":"2026-11-01T00:00:00.000Z","attempts":[)" + attempts +
                                            R"(],"next_cursor":)" + next + "}");
            },
            times);
    }
    fakes::Darkroom darkroom;
};

TEST_F(AuditCommand, SumsByModelAndLicenceForPeople) {
    answer(attempt("restore.comfy@1", sdxl) + "," + attempt("restore.comfy@2", sdxl) + "," +
           attempt("bg_remove.builtin@1", "[]") + R"(,7,{"models":7})");
    const auto outcome = darkroom.run({"audit", "licences", "--since", "2026-11-01"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("MODEL"));
    EXPECT_THAT(outcome.out, HasSubstr("SDXL 1.0"));
    EXPECT_THAT(outcome.out, HasSubstr("RAIL-M"));
    EXPECT_THAT(outcome.out, HasSubstr("(built in)"));
    EXPECT_THAT(outcome.out, HasSubstr("restore.comfy@1, r"));
    EXPECT_THAT(outcome.err, HasSubstr("since 2026-11-01T00:00:00.000Z: 5 attempts."));
    const auto seen = darkroom.http.seen(ports::HttpMethod::get, "/audit/licences");
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_THAT(seen[0].url, HasSubstr("?limit=1000&since=2026-11-01"));
}

TEST_F(AuditCommand, EveryPageIsReadAndEveryAttemptIsARowForPrograms) {
    answer(attempt("b@1", "[]"), "null");
    answer(attempt("a@1", sdxl), R"("17")", 1);
    const auto outcome = darkroom.run({"audit", "licences", "--plain"});
    EXPECT_EQ(outcome.out,
              "2026-11-22T00:00:00.000Z\tj1\t2\tann\trestore\tpod\tSUCCEEDED\ta@1\td1\tSDXL "
              "1.0\taa\tRAIL-M\tyes\t-\n"
              "2026-11-22T00:00:00.000Z\tj1\t2\tann\trestore\tpod\tSUCCEEDED\tb@1\td1\t-\t-\t-\t-\t-\n");
    EXPECT_THAT(darkroom.http.seen(ports::HttpMethod::get, "/audit")[1].url, HasSubstr("&cursor=17"));
    answer(attempt("b@1", "[]"), "null");
    answer(attempt("a@1", sdxl), R"("17")", 1);
    const auto document = parse_json(darkroom.run({"audit", "licences", "--json"}).out);
    ASSERT_TRUE(document.ok());
    EXPECT_EQ(document->at("attempts").as_array().size(), 2u);
}

TEST_F(AuditCommand, AServerThatLeadsInACircleOrElsewhereIsLeft) {
    answer(attempt("a@1", "[]"), R"("17")");
    EXPECT_EQ(darkroom.run({"audit", "licences"}).code, 0);
    EXPECT_EQ(darkroom.http.seen(ports::HttpMethod::get, "/audit").size(), 2u);
    answer(attempt("a@1", "[]"), R"("1&user=x")");
    EXPECT_EQ(darkroom.run({"audit", "licences"}).code, 0);
    EXPECT_EQ(darkroom.http.seen(ports::HttpMethod::get, "/audit").size(), 3u);
}

TEST_F(AuditCommand, NothingAndNonsenseAreToldApart) {
    answer("");
    EXPECT_THAT(darkroom.run({"audit", "licences"}).err, HasSubstr("no attempts."));
    darkroom.http.on(ports::HttpMethod::get, "/audit",
                     [](const auto&) -> Answer { return json_answer(200, "[]"); });
    EXPECT_EQ(darkroom.run({"audit", "licences"}).code, 1);
}

}  // namespace
}  // namespace darkroom::cli
