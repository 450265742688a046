// Who may ask with which models pictures were made, since when, and what the answer holds.
#include <gmock/gmock.h>

#include "api/api_fixture.h"

namespace darkroom::api::testing {
namespace {

class Audit : public ApiTest {
protected:
    Told ask(ports::HttpFields query = {}, const std::string& key = admin) {
        return get("/api/v1/admin/audit/licences", std::move(query), key);
    }
};

TEST_F(Audit, TellsWhatEveryAttemptWasDoneWith) {
    ports::AuditRow row;
    row.job = *JobId::parse("11111111-1111-4111-8111-111111111111");
    row.attempt = *AttemptId::parse("44444444-4444-4444-8444-444444444444");
    row.number = 2;
    row.user = *UserId::parse("ann");
    row.type = "restore";
    row.backend = "serverless";
    row.endpoint = "eu";
    row.status = core::Status::succeeded;
    row.recipe = "restore.comfy@1";
    row.recipe_digest = "abc";
    row.models_json = R"([{"name":"SDXL","licence":"X"}])";
    store.audit = {{row, row}, 41};
    store.audit.rows[1].recipe_digest.clear();
    const auto told = ask({{"since", "2026-11-01"}, {"limit", "2"}, {"cursor", "7"}});
    ASSERT_EQ(told.status, 200) << told.text;
    EXPECT_EQ(told.at("/since"), "2026-11-01T00:00:00.000Z");
    EXPECT_EQ(told.at("/attempts/0/models/0/licence"), "X");
    EXPECT_EQ(told.at("/attempts/0/recipe_digest"), "abc");
    EXPECT_EQ(told.at("/attempts/0/number"), "2");
    EXPECT_EQ(told.at("/attempts/0/status"), "SUCCEEDED");
    EXPECT_EQ(told.at("/attempts/1/recipe_digest"), "null");
    EXPECT_EQ(told.at("/next_cursor"), "41");
    ASSERT_EQ(store.audits.size(), 1u);
    EXPECT_EQ(format_rfc3339(store.audits[0].since), "2026-11-01T00:00:00.000Z");
    EXPECT_EQ(store.audits[0].after, 7);
    EXPECT_EQ(store.audits[0].count_max, 2);
}

TEST_F(Audit, GoesBackThirtyDaysUnlessTold) {
    EXPECT_EQ(ask().at("/next_cursor"), "null");
    EXPECT_EQ(clock_.now() - store.audits[0].since, Milliseconds(30 * std::int64_t{86'400'000}));
    EXPECT_EQ(ask({{"since", "2026-11-22T03:04:05Z"}}).at("/since"), "2026-11-22T03:04:05.000Z");
}

TEST_F(Audit, IsForAdminsAndRefusesWhatItDoesNotUnderstand) {
    EXPECT_EQ(ask({}, "a user's key").status, 403);
    EXPECT_EQ(ask({}, "nobody's").status, 401);
    for (const auto& [name, value] : ports::HttpFields{{"since", "yesterday"},
                                                       {"since", "2026-02-30"},
                                                       {"since", ""},
                                                       {"since", "2026-11-22Tx"},
                                                       {"cursor", "-1"},
                                                       {"cursor", "x"},
                                                       {"cursor", "99999999999999999999"},
                                                       {"limit", "0"},
                                                       {"limit", "1001"},
                                                       {"user", "ann"}})
        EXPECT_EQ(ask({{name, value}}).status, 400) << name << "=" << value;
    EXPECT_TRUE(store.audits.empty());
}

}  // namespace
}  // namespace darkroom::api::testing
