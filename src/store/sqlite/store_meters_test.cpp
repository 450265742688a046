// What the store tells whoever counts: each change once, after it is true, and nothing of what was rolled
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;
using core::ErrorCode;
using core::JobEventKind;
using core::Status;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t begin_ms = 1'790'000'000'000;  // as the folder's jobs
TimePoint after(std::int64_t ms) { return from_unix_ms(begin_ms + ms); }

class Heard : public ports::Meters {
public:
    void job_created(std::string_view type) override { created.emplace_back(type); }
    void job_moved(const ports::JobMove& move) override { moves.push_back(move); }
    void move_lost(Status from, JobEventKind event) override {
        lost.push_back(std::string(core::to_string(from)) + " " + std::string(core::to_string(event)));
    }
    void committed(std::chrono::nanoseconds, std::size_t) override { ++commits; }
    void claimed(std::chrono::nanoseconds, std::size_t jobs) override { claims.push_back(jobs); }
    void leases_expired(std::size_t rows) override { taken_over += rows; }

    std::vector<std::string> created;
    std::vector<ports::JobMove> moves;
    std::vector<std::string> lost;
    std::vector<std::size_t> claims;
    int commits = 0;
    std::size_t taken_over = 0;
};

class StoreMeters : public ::testing::Test {
protected:
    void open() {
        store.reset();
        SqliteJobStore::Options options;
        options.writer.meters = &heard;
        store = std::move(folder.open(options)).value();
    }
    void SetUp() override { open(); }
    core::Job claim(std::int64_t ms) {
        ports::ClaimRequest request;
        request.backend = "local";
        request.endpoint = "this-machine";
        request.now = after(ms);
        auto claimed = store->claim(request);
        return claimed && !claimed->empty() ? claimed->front().job : core::Job();
    }
    ports::JobMove last() { return heard.moves.empty() ? ports::JobMove() : heard.moves.back(); }

    TestFolder folder;
    Heard heard;
    std::unique_ptr<SqliteJobStore> store;
};

TEST_F(StoreMeters, TheWayOfAJobIsToldStepByStep) {
    ASSERT_TRUE(store->create_job(folder.job()));
    EXPECT_THAT(heard.created, ElementsAre("bg_remove"));
    const auto job = claim(400);
    EXPECT_THAT(heard.claims, ElementsAre(1));
    EXPECT_EQ(last().event, JobEventKind::claim);
    EXPECT_EQ(last().waited, Milliseconds(400));
    EXPECT_EQ(last().endpoint, "this-machine");
    ASSERT_TRUE(store->start_attempt(job.attempts.back().id, after(500)));
    ports::AttemptSucceeded end;
    end.completed_via = "local";
    ASSERT_TRUE(store->finish_attempt(job.attempts.back().id, end, "backend:local", after(2'500)));
    EXPECT_THAT(heard.moves, SizeIs(3));
    EXPECT_EQ(last().after, Status::succeeded);
    EXPECT_EQ(last().attempt, Status::succeeded);
    EXPECT_EQ(last().type, "bg_remove");
    EXPECT_EQ(last().endpoint, "this-machine");
    EXPECT_EQ(last().ran, Milliseconds(2'000));
    EXPECT_EQ(last().total, Milliseconds(2'500));
    EXPECT_FALSE(last().error);
    EXPECT_GE(heard.commits, 4);
}

TEST_F(StoreMeters, ARetryTellsItsReasonAndItsClaimNoWait) {
    ASSERT_TRUE(store->create_job(folder.job()));
    const auto job = claim(10);
    const ports::AttemptFailed end{
        .error = {ErrorCode::worker_crashed, "x"}, .retry_at = after(20), .completed_via = "local"};
    ASSERT_TRUE(store->finish_attempt(job.attempts.back().id, end, "backend:local", after(20)));
    EXPECT_EQ(last().event, JobEventKind::retry_later);
    EXPECT_EQ(last().error, ErrorCode::worker_crashed);
    EXPECT_EQ(last().attempt, Status::failed);
    EXPECT_FALSE(last().total);
    (void)claim(30);
    EXPECT_EQ(last().event, JobEventKind::claim);
    EXPECT_FALSE(last().waited);
}

TEST_F(StoreMeters, WhatCameTooLateIsLost) {
    const auto request = folder.job();
    ASSERT_TRUE(store->create_job(request));
    const auto everyone = ports::Access::everyone();
    ASSERT_TRUE(store->cancel_job(everyone, request.job.id, "key:x", after(1)));
    ASSERT_TRUE(store->cancel_job(everyone, request.job.id, "key:x", after(2)));
    EXPECT_THAT(heard.lost, ElementsAre("CANCELLED cancel"));
    EXPECT_THAT(heard.moves, SizeIs(1));
}

TEST_F(StoreMeters, ARunningJobThatIsCancelledTellsWhereItRan) {
    const auto request = folder.job();
    ASSERT_TRUE(store->create_job(request));
    (void)claim(1);
    ASSERT_TRUE(store->cancel_job(ports::Access::everyone(), request.job.id, "key:x", after(2)));
    EXPECT_EQ(last().attempt, Status::cancelled);
    EXPECT_EQ(last().endpoint, "this-machine");
}

TEST_F(StoreMeters, WhatWasNotCommittedIsNotTold) {
    ASSERT_TRUE(store->create_job(folder.job()));
    heard = Heard();
    ASSERT_TRUE(store->limit_file(1));
    const auto refused = store->create_job(folder.job("ann", 2'000'000));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ports::StoreErrorKind::full);
    EXPECT_THAT(heard.created, IsEmpty());
    EXPECT_THAT(heard.moves, IsEmpty());
}

TEST_F(StoreMeters, WhatADeadProcessLeftIsTakenOver) {
    ASSERT_TRUE(store->create_job(folder.job()));
    (void)claim(1);
    open();
    ASSERT_TRUE(store->take_over(100));
    EXPECT_EQ(heard.taken_over, 1U);
}

}  // namespace
}  // namespace darkroom::store
