// What a failing disk may and may not do, and that a batch is one sync.
#include "store/sql/group_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "store/sqlite/fault_vfs.h"
#include "store/sqlite/sqlite_failure.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

using ports::Access;
using ports::StoreErrorKind;

class SqliteDisk : public ::testing::Test {
protected:
    void SetUp() override {
        options_.vfs = fault_vfs_name();
        store_ = *folder_.open(options_);
    }
    void TearDown() override { heal(); }

    static void heal() {
        faults().sync_fails = false;
        faults().write_fails = false;
        faults().disk_full = false;
    }
    void reopen() {
        store_.reset();
        store_ = *folder_.open(options_);
    }

    TestFolder folder_;
    SqliteJobStore::Options options_;
    std::unique_ptr<SqliteJobStore> store_;
};

TEST_F(SqliteDisk, AFailedSyncIsNeverAcknowledgedAndEndsWritingForGood) {
    const auto kept = folder_.job();
    ASSERT_TRUE(store_->create_job(kept).ok());
    faults().sync_fails = true;
    const auto lost = store_->create_job(folder_.job());
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().kind, StoreErrorKind::broken);
    heal();  // a later sync that succeeds proves nothing about the pages of the one that failed
    EXPECT_EQ(store_->create_job(folder_.job()).error().kind, StoreErrorKind::broken);
    EXPECT_EQ(store_->ping().error().kind, StoreErrorKind::broken);
    EXPECT_TRUE(store_->find_job(Access::everyone(), kept.job.id)->has_value());
    reopen();
    EXPECT_TRUE(store_->ping().ok());
    EXPECT_TRUE(store_->find_job(Access::everyone(), kept.job.id)->has_value());
}

TEST_F(SqliteDisk, AFailedWriteEndsWritingForGood) {
    faults().write_fails = true;
    EXPECT_EQ(store_->create_job(folder_.job()).error().kind, StoreErrorKind::broken);
    heal();
    EXPECT_EQ(store_->create_job(folder_.job()).error().kind, StoreErrorKind::broken);
}

TEST_F(SqliteDisk, AFullDiskFailsWhatDoesNotFitAndTheStoreGoesOnWhenThereIsSpaceAgain) {
    const auto kept = folder_.job();
    ASSERT_TRUE(store_->create_job(kept).ok());
    faults().disk_full = true;
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(store_->create_job(folder_.job()).error().kind, StoreErrorKind::full);
    EXPECT_EQ(store_->ping().error().kind, StoreErrorKind::full);
    EXPECT_TRUE(store_->find_job(Access::everyone(), kept.job.id)->has_value());
    heal();
    EXPECT_TRUE(store_->ping().ok());
    const auto later = folder_.job();
    EXPECT_TRUE(store_->create_job(later).ok());
    reopen();
    EXPECT_EQ(count_jobs(*store_), 2);
}

TEST_F(SqliteDisk, AFileAtItsLimitRefusesNewJobsButFinishesOldOnes) {
    ASSERT_TRUE(store_->create_job(folder_.job()).ok());
    ports::ClaimRequest claim{
        .backend = "local", .endpoint = "here", .inflight_max = 1, .jobs_max = 1, .now = {}, .remote = {}};
    const auto claimed = *store_->claim(claim);
    ASSERT_EQ(claimed.size(), 1u);
    ASSERT_TRUE(store_->limit_file(1).ok());  // SQLite takes the present size instead
    int refused = 0;
    for (int i = 0; i < 20; ++i) {
        const auto created = store_->create_job(folder_.job("ann", 200'000));
        if (created.ok()) continue;
        EXPECT_EQ(created.error().kind, StoreErrorKind::full);
        ++refused;
    }
    EXPECT_EQ(refused, 20);
    const auto attempt = claimed[0].job.attempts[0].id;
    EXPECT_TRUE(store_->finish_attempt(attempt, ports::AttemptSucceeded{}, "backend:here", {}).ok());
    ASSERT_TRUE(store_->limit_file(1'000'000).ok());
    EXPECT_TRUE(store_->create_job(folder_.job("ann", 200'000)).ok());
    EXPECT_EQ(count_jobs(*store_), 1);
}

TEST_F(SqliteDisk, WhatWaitsWhileTheWriterIsBusySharesOneSync) {
    // The first caller's listener call holds the writer until all others are waiting.
    class Gate : public ports::StoreListener {
    public:
        void jobs_ready() override {}
        void job_changed(const JobId&) override {
            if (!std::exchange(first_, false)) return;
            entered.set_value();
            opened.get_future().wait_for(std::chrono::seconds(30));
        }
        std::promise<void> entered;
        std::promise<void> opened;

    private:
        bool first_ = true;
    };
    constexpr int callers_count = 32;
    Gate gate;
    store_->set_listener(&gate);
    std::vector<ports::NewJob> jobs;
    jobs.reserve(callers_count + 1);
    for (int i = 0; i < callers_count + 1; ++i) jobs.push_back(folder_.job());
    std::atomic<int> created{0};
    std::atomic<int> calling{0};
    std::vector<std::jthread> callers;
    callers.emplace_back([&] { created += store_->create_job(jobs[0]).ok() ? 1 : 0; });
    ASSERT_EQ(gate.entered.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
    const int before = faults().syncs;
    for (int i = 1; i <= callers_count; ++i) {
        callers.emplace_back([&, i] {
            ++calling;
            calling.notify_one();
            created += store_->create_job(jobs[static_cast<std::size_t>(i)]).ok() ? 1 : 0;
        });
    }
    for (int seen = calling; seen < callers_count; seen = calling) calling.wait(seen);
    gate.opened.set_value();
    callers.clear();
    store_->set_listener(nullptr);
    EXPECT_EQ(created, callers_count + 1);
    // All but the few that were between announcing themselves and handing in their work are one batch.
    EXPECT_LT(faults().syncs - before, callers_count / 2);
}

TEST_F(SqliteDisk, OneBadPieceOfABatchFailsAlone) {
    const auto twin = folder_.job();
    ASSERT_TRUE(store_->create_job(twin).ok());
    std::vector<ports::NewJob> jobs;
    jobs.reserve(64);
    for (int i = 0; i < 64; ++i) jobs.push_back(i % 16 == 5 ? twin : folder_.job());
    std::atomic<int> created{0};
    {
        std::vector<std::jthread> callers;
        callers.reserve(jobs.size());
        for (const auto& job : jobs)
            callers.emplace_back([&] { created += store_->create_job(job).ok() ? 1 : 0; });
    }
    EXPECT_EQ(created, 60);
    EXPECT_EQ(count_jobs(*store_), 61);
}

TEST_F(SqliteDisk, TheWriteAheadLogIsMovedIntoTheFileAndStartsOver) {
    options_.checkpoint_pages = 50;
    reopen();
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(store_->create_job(folder_.job("ann", 40'000)).ok());
    EXPECT_LT(std::filesystem::file_size(folder_.path("-wal")), 200u * 4'096);
    EXPECT_EQ(count_jobs(*store_), 60);
}

TEST(SqliteErrors, EachCodeSaysWhatACallerCanDo) {
    EXPECT_EQ(kind_of(13, 0), StoreErrorKind::full);                   // SQLITE_FULL
    EXPECT_EQ(kind_of(10 | 3 << 8, 28), StoreErrorKind::full);         // SQLITE_IOERR_WRITE, ENOSPC
    EXPECT_EQ(kind_of(10 | 19 << 8, 28), StoreErrorKind::full);        // SQLITE_IOERR_SHMSIZE, ENOSPC
    EXPECT_EQ(kind_of(10 | 4 << 8, 28), StoreErrorKind::broken);       // SQLITE_IOERR_FSYNC, even with ENOSPC
    EXPECT_EQ(kind_of(10 | 1 << 8, 5), StoreErrorKind::broken);        // SQLITE_IOERR_READ
    EXPECT_EQ(kind_of(10 | 12 << 8, 0), StoreErrorKind::unavailable);  // SQLITE_IOERR_NOMEM
    EXPECT_EQ(kind_of(11, 0), StoreErrorKind::broken);                 // SQLITE_CORRUPT
    EXPECT_EQ(kind_of(5, 0), StoreErrorKind::unavailable);             // SQLITE_BUSY
    EXPECT_EQ(kind_of(19 | 8 << 8, 0), StoreErrorKind::unavailable);   // SQLITE_CONSTRAINT_UNIQUE
}

}  // namespace
}  // namespace darkroom::store
