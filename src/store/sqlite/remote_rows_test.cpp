// What looks at remote jobs cost: only the open ones are ever touched, however many have ended.
#include "store/sql/remote_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "store/sqlite/database_file.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t now_ms = 1'800'000'000'000;

std::vector<std::string> plan_of(SqliteDatabase& db, const std::string& sql) {
    const auto explained = "EXPLAIN QUERY PLAN " + sql;
    auto rows = db.query(explained);
    std::vector<std::string> plan;
    while (rows.next()) plan.push_back(rows.text(3));
    return plan;
}

/// Pages that SQLite asked its cache for, whether they were there or not.
std::int64_t pages_asked_for(SqliteDatabase& db) {
    std::int64_t pages = 0;
    for (const int what : {SQLITE_DBSTATUS_CACHE_HIT, SQLITE_DBSTATUS_CACHE_MISS}) {
        int count = 0;
        int most = 0;
        sqlite3_db_status(db.handle(), what, &count, &most, 0);
        pages += count;
    }
    return pages;
}

// A hundred open ones, of which every second is due.
void insert_open(SqliteDatabase& db, const std::string& job_seq) {
    db.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
        " INSERT INTO remote_jobs (attempt_id, submission, job_seq, number, endpoint, target, remote_id, "
        "state,"
        " created_at, look_at, deadline) SELECT randomblob(16), 1, " +
        job_seq + ", 1, 'e', 't', 'open-' || i, 'submitted', 1, " + std::to_string(now_ms) +
        " + (i % 2) * 1000, 9 FROM n");
}

void insert_ended(SqliteDatabase& db, const std::string& job_seq, int first, int last) {
    db.execute(
        "WITH RECURSIVE n (i) AS (SELECT " + std::to_string(first) +
        " UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(last) +
        ") INSERT INTO remote_jobs (attempt_id, submission, job_seq, number, endpoint, target, remote_id,"
        " state, created_at, look_at, deadline, ended_at, ended_as) SELECT randomblob(16), 1, " +
        job_seq + ", 1, 'e', 't', 'ended-' || i, 'ended', 1, i, 9, 2, 'succeeded' FROM n");
}

class RemoteRows : public ::testing::Test {
protected:
    void SetUp() override {
        {
            const auto store = folder_.open();
            ASSERT_TRUE(store.ok());
            ASSERT_TRUE((*store)->create_job(folder_.job()).ok());
        }
        auto opened = open_for_writing(folder_.path(), {});
        ASSERT_TRUE(opened.ok());
        db_ = *std::move(opened);
        job_seq_ = std::to_string(db_->integer("SELECT seq FROM jobs"));
    }

    TestFolder folder_;
    std::unique_ptr<SqliteDatabase> db_;
    std::string job_seq_;
};

TEST_F(RemoteRows, WhatIsDueIsFoundByTheIndexOfTheOpenOnesAndNotSorted) {
    const auto due = plan_of(*db_, due_remote_jobs_sql);
    EXPECT_THAT(due, Contains(HasSubstr("SEARCH remote_jobs USING INDEX remote_jobs_open")));
    EXPECT_THAT(due, Each(Not(HasSubstr("TEMP B-TREE"))));
    EXPECT_THAT(due, Each(Not(HasSubstr("SCAN"))));
    EXPECT_THAT(
        plan_of(*db_, "SELECT attempt_id FROM remote_jobs WHERE remote_id = 'x' ORDER BY seq DESC LIMIT 1"),
        Contains(HasSubstr("remote_jobs_by_name")));
    EXPECT_THAT(plan_of(*db_, "SELECT 1 FROM remote_jobs WHERE attempt_id = x'00' AND submission = 1"),
                Contains(HasSubstr("remote_jobs_by_attempt")));
}

TEST_F(RemoteRows, AHundredTimesAsManyEndedOnesCostALookOnePageForEachRowItReturns) {
    insert_ended(*db_, job_seq_, 1, 1'000);
    insert_open(*db_, job_seq_);
    const auto now = from_unix_ms(now_ms);
    const auto look = [&] {
        EXPECT_EQ(list_due_remote_jobs(*db_, NodeId(), now, 30).size(), 30u);
        EXPECT_EQ(next_remote_look(*db_, NodeId()), now);
        EXPECT_EQ(list_remote_targets(*db_).size(), 1u);
    };
    look();
    const auto before = pages_asked_for(*db_);
    look();
    const auto few = pages_asked_for(*db_) - before;
    insert_ended(*db_, job_seq_, 1'001, 100'000);
    look();
    const auto between = pages_asked_for(*db_);
    look();
    const auto many = pages_asked_for(*db_) - between;
    EXPECT_GT(few, 0);
    constexpr int rows_read = 30 + 1 + 100;  // the due ones, the next one, and the targets of all open ones
    EXPECT_LE(many, few + rows_read) << "each row lies one page deeper in the table, and that is all";
    RecordProperty("pages_with_1000_ended", std::to_string(few));
    RecordProperty("pages_with_100000_ended", std::to_string(many));
}

}  // namespace
}  // namespace darkroom::store
