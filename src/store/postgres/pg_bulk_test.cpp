#include "store/postgres/pg_bulk.h"

#include <gmock/gmock.h>

namespace darkroom::store {
namespace {

using Of = PgArray::Of;
using Kind = BulkPlan::Kind;

TEST(PostgresBulk, AnInsertOfOneRowBecomesOneOfMany) {
    const auto plan = bulk_plan("INSERT INTO inflight (attempt_id, endpoint, job_seq) VALUES ($1, $2, $3)");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->kind, Kind::insert);
    EXPECT_EQ(plan->keys, 1u);
    EXPECT_EQ(
        plan->for_many({Of::uuid, Of::text, Of::bigint}),
        "INSERT INTO inflight (attempt_id, endpoint, job_seq) SELECT v.p1, v.p2, v.p3 FROM unnest(CAST($1 AS "
        "uuid[]), CAST($2 AS text[]), CAST($3 AS bigint[])) AS v(p1, p2, p3)");
}

TEST(PostgresBulk, WhatIsAddedToARowThatIsThereKeepsItsEnding) {
    const auto plan = bulk_plan(
        "INSERT INTO tallies (what, label, shard, value) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (what, label, shard) DO UPDATE SET value = tallies.value + excluded.value");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->for_many({Of::text, Of::text, Of::text, Of::bigint}),
              "INSERT INTO tallies (what, label, shard, value) SELECT v.p1, v.p2, v.p3, v.p4 FROM "
              "unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS bigint[])) AS "
              "v(p1, p2, p3, p4) ON CONFLICT (what, label, shard) DO UPDATE SET value = tallies.value + "
              "excluded.value");
}

TEST(PostgresBulk, ChangesAndRemovalsKeepTheirConditions) {
    const auto change = bulk_plan("UPDATE jobs SET status = $3 WHERE seq = $1 AND status = $2");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->for_many({Of::bigint, Of::text, Of::text}),
              "UPDATE jobs SET status = v.p3 FROM unnest(CAST($1 AS bigint[]), CAST($2 AS text[]), CAST($3 "
              "AS text[])) AS "
              "v(p1, p2, p3) WHERE seq = ANY(ARRAY[v.p1]) AND status = v.p2");
    const auto removal = bulk_plan("DELETE FROM inflight WHERE attempt_id = $1");
    ASSERT_TRUE(removal);
    EXPECT_EQ(
        removal->for_many({Of::uuid}),
        "DELETE FROM inflight USING unnest(CAST($1 AS uuid[])) AS v(p1) WHERE attempt_id = ANY(ARRAY[v.p1])");
}

TEST(PostgresBulk, WhatIsTheSameForAllIsSentOnce) {
    const auto change =
        bulk_plan("UPDATE jobs SET status = $3, updated_at = $4 WHERE seq = $1 AND status = $2");
    ASSERT_TRUE(change);
    const std::vector<Of> types{Of::bigint, Of::text, Of::text, Of::bigint};
    EXPECT_EQ(
        change->for_many(types, 0b0110),
        "UPDATE jobs SET status = CAST($3 AS text), updated_at = v.p4 FROM unnest(CAST($1 AS bigint[]), "
        "CAST($4 AS bigint[])) AS v(p1, p4) WHERE seq = ANY(ARRAY[v.p1]) AND status = CAST($2 AS text)");
    EXPECT_EQ(change->for_many(types, 0b0001), change->for_many(types)) << "keys are always many";
    const auto insert = bulk_plan("INSERT INTO inflight (attempt_id, endpoint, job_seq) VALUES ($1, $2, $3)");
    ASSERT_TRUE(insert);
    EXPECT_EQ(insert->for_many({Of::uuid, Of::text, Of::bigint}, 0b010),
              "INSERT INTO inflight (attempt_id, endpoint, job_seq) SELECT v.p1, CAST($2 AS text), v.p3 FROM "
              "unnest(CAST($1 AS uuid[]), CAST($3 AS bigint[])) AS v(p1, p3)");
}

TEST(PostgresBulk, ValuesThatAreAllTheSameAreOne) {
    PgValues values(Of::text);
    for (const char* const text : {"a", "a", "a"}) values.add(to_sql(text));
    EXPECT_TRUE(values.all_same());
    EXPECT_EQ(values.first().data, "a");
    EXPECT_EQ(values.size(), 3);

    PgArray spelled_out(Of::text);
    for (const char* const text : {"a", "a", "a"}) spelled_out.add(to_sql(text));
    EXPECT_EQ(PgValues(values).array().data, spelled_out.value().data);

    values.add(SqlValue());
    EXPECT_FALSE(values.all_same());
    spelled_out.add(SqlValue());
    EXPECT_EQ(values.array().data, spelled_out.value().data);
}

TEST(PostgresBulk, NothingSetIsAValueLikeAnother) {
    PgValues values(Of::bigint);
    values.add(SqlValue());
    values.add(SqlValue());
    EXPECT_TRUE(values.all_same());
    EXPECT_EQ(values.first().kind, SqlValue::Kind::null);
    values.add(to_sql(0));
    EXPECT_FALSE(values.all_same()) << "0 is not NULL";
}

TEST(PostgresBulk, AQuestionTellsTheKeysAndLocksInTheirOrder) {
    const auto plan = bulk_plan("SELECT admitted FROM flow WHERE backend = $1 AND user_id = $2 FOR UPDATE");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->for_many({Of::text, Of::text}),
              "SELECT v.p1, v.p2, admitted FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS v(p1, p2) "
              "JOIN flow ON "
              "backend = ANY(ARRAY[v.p1]) AND user_id = v.p2 "
              "ORDER BY v.p1, v.p2 FOR UPDATE OF flow");
}

TEST(PostgresBulk, WhatDoesMoreThanOneRowByItsKeyIsLeftAlone) {
    for (const auto* const text : {
             "UPDATE jobs SET inputs_removed_at = $1 WHERE chain_seq = $2",
             "UPDATE retention SET finished_at = $1, seq = $2 - 1 WHERE (finished_at, seq) >= ($1, $2)",
             "DELETE FROM inflight WHERE attempt_id IN (SELECT id FROM attempts WHERE job_seq = $1)",
             "INSERT INTO flow (backend, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
             "DELETE FROM ready WHERE backend = $1 AND user_id = $2 AND job_seq = $3 RETURNING vt",
             "DELETE FROM attempts WHERE job_seq = $1",
             "SELECT seq FROM jobs WHERE seq = $1 ORDER BY seq",
             "UPDATE remote_jobs SET unwanted = 1 WHERE attempt_id = $1",
             "SELECT 1",
             "BEGIN",
             "",
         })
        EXPECT_FALSE(bulk_plan(text)) << text;
}

TEST(PostgresBulk, AStatementNamesItsTables) {
    using ::testing::Contains;
    EXPECT_THAT(tables_in("SELECT a FROM jobs JOIN attempts ON b = (SELECT c FROM uploads)"),
                testing::IsSupersetOf({"jobs", "attempts", "uploads"}));
    EXPECT_THAT(tables_in("UPDATE ready SET vt = 1"), Contains("ready"));
    EXPECT_THAT(tables_in("INSERT INTO costs SELECT 1 FROM jobs"), testing::IsSupersetOf({"costs", "jobs"}));
    EXPECT_THAT(tables_in("DELETE FROM flow"), Contains("flow"));
}

}  // namespace
}  // namespace darkroom::store
