// Listings must walk an index that fits; a plan that scans everybody's jobs is found here, not in production.
#include "store/sql/job_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/sql/job_rows.h"
#include "store/sql/key_rows.h"
#include "store/sql/queue_rows.h"
#include "store/sql/retention.h"
#include "store/sql/upload_rows.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

using core::Status;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string plan_of(SqliteDatabase& db, const std::string& sql) {
    const auto explain = "EXPLAIN QUERY PLAN " + sql;
    auto rows = db.query(explain);
    std::string plan;
    while (rows.next()) plan += rows.text(3) + "\n";
    return plan;
}

TEST(SqlitePlans, NoListingSortsAndAUsersListingNeverScans) {
    TestFolder folder;
    ASSERT_TRUE(folder.open().ok());
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    for (int s = -1; s < core::status_count; ++s) {
        const auto status = static_cast<Status>(s);
        for (const auto listed : {Listed::all_jobs, Listed::jobs_of_a_user, Listed::steps_of_a_chain}) {
            const auto plan = plan_of(db, listing_sql(listed, s < 0 ? nullptr : &status));
            SCOPED_TRACE(plan);
            const bool at_work = listed != Listed::steps_of_a_chain &&
                                 (status == Status::dispatched || status == Status::running);
            if (at_work) {  // never many
                EXPECT_THAT(plan, AnyOf(HasSubstr("(rowid=?)"), HasSubstr("(user_id=? AND seq=?")));
                continue;
            }
            EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
            if (listed == Listed::jobs_of_a_user) {
                EXPECT_THAT(plan, HasSubstr("user_id=?"));
            } else if (listed == Listed::steps_of_a_chain) {
                EXPECT_THAT(plan, HasSubstr("chain_seq=?"));
            }
        }
    }
}

TEST(SqlitePlans, TheQueuesStatementsUseTheirIndexes) {
    TestFolder folder;
    ASSERT_TRUE(folder.open().ok());
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    for (const std::string& sql : std::initializer_list<std::string>{
             job_head_sql,
             whole_job_sql,
             inflight_sql,
             request_sql,
             upload_sql(db),
             R"(SELECT id, direct_key, image FROM uploads INDEXED BY uploads_unused
                WHERE used <= 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?)",
             ended_jobs_sql,
             "SELECT inputs FROM loose_inputs CROSS JOIN jobs ON seq = job_seq WHERE upload_id = ?",
             "DELETE FROM inflight WHERE attempt_id IN (SELECT id FROM attempts WHERE job_seq = ?)",
             "DELETE FROM job_events WHERE job_seq = ?",
             "SELECT id, status FROM jobs INDEXED BY jobs_by_chain WHERE chain_seq = ? ORDER BY seq",
             "UPDATE jobs SET outputs_removed_at = ? WHERE chain_seq = ?",
             "SELECT vt, job_seq, user_id FROM ready WHERE backend = ?1 AND vt >= ?2 ORDER BY vt, job_seq "
             "LIMIT 100",
             "SELECT rank, job_seq, vt FROM ready WHERE backend = ? AND user_id = ?",
             "DELETE FROM ready WHERE backend = ? AND vt = ? AND job_seq = ?",
             "DELETE FROM ready WHERE backend = ? AND user_id = ? AND rank = ? AND job_seq = ? RETURNING vt",
             R"(SELECT rank, job_seq FROM backlog WHERE backend = ? AND user_id = ? ORDER BY rank, job_seq
                LIMIT ?)",
             "DELETE FROM backlog WHERE backend = ? AND user_id = ? AND rank = ? AND job_seq = ?",
             R"(SELECT admitted, (SELECT weight FROM shares WHERE shares.user_id = flow.user_id)
                FROM flow WHERE backend = ? AND user_id = ?)",
             "SELECT count(*) FROM inflight WHERE endpoint = ?",
             "SELECT job_seq FROM delayed WHERE due_at <= ? ORDER BY due_at, job_seq LIMIT ?",
             "SELECT user_id, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
             "DELETE FROM uploads WHERE id = ?",
         }) {
        const auto plan = plan_of(db, sql);
        SCOPED_TRACE(sql + "\n" + plan);
        EXPECT_THAT(plan, HasSubstr("SEARCH"));
        EXPECT_THAT(plan, Not(HasSubstr("SCAN")));
        EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
    }
}

}  // namespace
}  // namespace darkroom::store
