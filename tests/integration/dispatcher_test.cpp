// The dispatcher between a real store, a real object folder and a backend that the test plays.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "dispatch/dispatcher.h"
#include "objects/files/file_object_store.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/integration/scripted_backend.h"
#include "tests/support/breakable_object_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;

class DispatcherTest : public ::testing::Test {
protected:
    DispatcherTest() { open(); }

    void open() {
        store_ = *store::SqliteJobStore::open((dir_.path() / "test.db").string(), random_);
        objects_ = *objects::FileObjectStore::open(dir_.path() / "objects");
        backend_ = std::make_unique<ScriptedBackend>(2, dir_.path());
        breakable_ = std::make_unique<BreakableObjectStore>(*objects_);
        dispatcher_ = std::make_unique<dispatch::Dispatcher>(*store_, *breakable_,
                                                             std::vector<ports::Backend*>{backend_.get()},
                                                             clock_, random_, dispatch::DispatcherSettings{});
    }
    // As after a kill: nothing is told to anybody, and everything begins again from what is on disk.
    void crash_and_open() {
        dispatcher_.reset();
        backend_.reset();
        store_.reset();
        objects_.reset();
        open();
        ASSERT_TRUE(dispatcher_->recover().ok());
    }

    JobId create() {
        ports::NewJob created;
        created.job.id = random_.id<JobId>();
        created.job.user = *UserId::parse("anna");
        created.job.type = "bg_remove";
        created.job.backend = "local";
        created.job.created_at = created.job.updated_at = clock_.now();
        created.actor = "key:test";
        EXPECT_TRUE(store_->create_job(created).ok());
        return created.job.id;
    }
    core::Job job(const JobId& id) { return **store_->find_job(ports::Access::everyone(), id); }
    void round() { ASSERT_TRUE(dispatcher_->run_round().ok()); }
    // In steps that are short against what another thread waits for.
    void let_time_pass() { clock_.pass(Milliseconds(100)); }
    std::size_t objects_on_disk() const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path() / "objects"))
            count += entry.is_regular_file();
        return count;
    }

    TempDir dir_;
    SeededRandom random_{7};
    ManualClock clock_;
    std::unique_ptr<store::SqliteJobStore> store_;
    std::unique_ptr<objects::FileObjectStore> objects_;
    std::unique_ptr<BreakableObjectStore> breakable_;
    std::unique_ptr<ScriptedBackend> backend_;
    std::unique_ptr<dispatch::Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, WhatADyingProcessPutAwayWithoutARowIsRemovedAtTheNextStart) {
    const auto id = create();
    round();
    const auto attempt = job(id).attempts.back().id;
    for (const auto& key :
         {core::ObjectKey::restored(id, attempt, "main", "png"),
          core::ObjectKey::restored(id, attempt, "mask", "webp"), core::ObjectKey::thumbnail(id)}) {
        std::ofstream(dir_.path() / "result") << "pixels";
        ASSERT_TRUE(objects_->put_file(key, dir_.path() / "result").ok());
    }
    ASSERT_EQ(objects_on_disk(), 3u);
    crash_and_open();
    EXPECT_EQ(job(id).status, Status::queued);
    round();
    EXPECT_EQ(objects_on_disk(), 0u);
}

TEST_F(DispatcherTest, AJobGoesThroughToItsResult) {
    const auto id = create();
    round();
    EXPECT_EQ(job(id).status, Status::dispatched);
    backend_->succeed();
    const auto done = job(id);
    EXPECT_EQ(done.status, Status::succeeded);
    ASSERT_EQ(done.attempts.size(), 1u);
    EXPECT_EQ(done.selected_attempt, done.attempts[0].id);
    ASSERT_EQ(done.attempts[0].outputs.size(), 1u);
    EXPECT_EQ(done.attempts[0].execution, Milliseconds(7));
    EXPECT_TRUE(objects_->head(done.attempts[0].outputs[0].key).ok());
    ASSERT_TRUE(done.thumbnail);
    EXPECT_TRUE(objects_->head(*done.thumbnail).ok());
}

TEST_F(DispatcherTest, TheLimitOfTheEndpointHolds) {
    for (int i = 0; i < 5; ++i) create();
    round();
    round();
    EXPECT_EQ(backend_->open_orders().size(), 2u);
    backend_->succeed();
    round();
    EXPECT_EQ(backend_->open_orders().size(), 2u);
    EXPECT_EQ(store_->count_queue()->inflight, 2);
    EXPECT_EQ(store_->count_queue()->ready, 2);
}

TEST_F(DispatcherTest, AFailureThatMayPassIsTriedAgainAfterAPause) {
    const auto id = create();
    round();
    backend_->fail(ErrorCode::worker_crashed);
    EXPECT_EQ(job(id).status, Status::queued);
    clock_.advance(Milliseconds(2'001));
    round();
    ASSERT_EQ(backend_->open_orders().size(), 1u);
    EXPECT_EQ(backend_->open_orders()[0].attempt_number, 2);
    backend_->succeed();
    EXPECT_EQ(job(id).status, Status::succeeded);
    EXPECT_EQ(job(id).attempts.size(), 2u);
}

TEST_F(DispatcherTest, TheSameCrashTwiceIsTheEnd) {
    const auto id = create();
    round();
    backend_->fail(ErrorCode::worker_crashed);
    clock_.advance(Milliseconds(600'000));
    round();
    backend_->fail(ErrorCode::worker_crashed);
    EXPECT_EQ(job(id).status, Status::failed);
    EXPECT_EQ(job(id).error->code, ErrorCode::worker_crashed);
}

TEST_F(DispatcherTest, ABadPictureIsNotTriedAgain) {
    const auto id = create();
    round();
    backend_->fail(ErrorCode::input_unreadable);
    EXPECT_EQ(job(id).status, Status::failed);
    EXPECT_EQ(job(id).attempts.size(), 1u);
}

TEST_F(DispatcherTest, ACancelledJobKeepsItsSlotUntilTheBackendHasStopped) {
    const auto id = create();
    round();
    const auto outcome = store_->cancel_job(ports::Access::everyone(), id, "key:test", clock_.now());
    const auto stop = std::get<ports::JobCancelled>(*outcome).stop;
    ASSERT_EQ(stop.size(), 1u);
    dispatcher_->stop_attempt(stop[0]);
    EXPECT_EQ(backend_->stop_requests().count(stop[0]), 1u);
    EXPECT_EQ(job(id).status, Status::cancelled);
    EXPECT_EQ(store_->count_queue()->inflight, 1);
    backend_->fail(ErrorCode::cancelled);
    EXPECT_EQ(store_->count_queue()->inflight, 0);
    EXPECT_EQ(job(id).status, Status::cancelled);
}

TEST_F(DispatcherTest, AResultThatComesAfterTheCancelIsThrownAway) {
    const auto id = create();
    round();
    ASSERT_TRUE(store_->cancel_job(ports::Access::everyone(), id, "key:test", clock_.now()).ok());
    backend_->succeed();
    EXPECT_EQ(job(id).status, Status::cancelled);
    EXPECT_EQ(objects_on_disk(), 0u);
    EXPECT_EQ(store_->count_queue()->inflight, 0);
}

// Between the next one's putting its thumbnail away and the row that tells of it, the late one must not take
// it.
TEST_F(DispatcherTest, AResultThatComesTooLateLeavesTheNextAttemptItsThumbnail) {
    const auto id = create();
    round();
    const auto everyone = ports::Access::everyone();
    ASSERT_TRUE(store_->cancel_job(everyone, id, "key:test", clock_.now()).ok());
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        *store_->requeue_job(everyone, id, "key:test", clock_.now())));
    round();
    ASSERT_EQ(backend_->open_orders().size(), 2u);
    const auto of_second = core::ObjectKey::thumbnail(id, job(id).attempts[1].id);
    std::ofstream(dir_.path() / "thumbnail") << "of the second attempt";
    ASSERT_TRUE(objects_->put_file(of_second, dir_.path() / "thumbnail").ok());
    backend_->succeed();  // the first
    EXPECT_EQ(objects_on_disk(), 1u);
    EXPECT_TRUE(objects_->head(of_second).ok());
    backend_->succeed();
    EXPECT_EQ(job(id).status, Status::succeeded);
    EXPECT_EQ(objects_on_disk(), 2u);
}

// Rows forget what retention takes before the store does: the name of a thumbnail must not be used again.
TEST_F(DispatcherTest, ARerunAfterRetentionKeepsAThumbnailThatRetentionDoesNotKnow) {
    const auto id = create();
    round();
    backend_->succeed();
    clock_.advance(Milliseconds(60'000));
    const auto retired = store_->retire_jobs(ports::Retention::outputs, clock_.now(), 10, clock_.now());
    ASSERT_TRUE(retired.ok());
    ports::WorkPlan plan;
    plan.backend = job(id).backend;
    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
        *store_->rerun_job(ports::Access::everyone(), id, plan, "key:test", clock_.now())));
    round();
    backend_->succeed();
    ASSERT_TRUE(job(id).thumbnail);
    EXPECT_EQ(std::count(retired->objects.begin(), retired->objects.end(), *job(id).thumbnail), 0);
}

TEST_F(DispatcherTest, WorkCutShortByACrashIsDoneAgainAndCostsNoAttempt) {
    const auto id = create();
    for (int crash = 0; crash < 5; ++crash) {
        round();
        ASSERT_EQ(backend_->open_orders().size(), 1u);
        backend_->forget();
        crash_and_open();
    }
    round();
    backend_->succeed();
    const auto done = job(id);
    EXPECT_EQ(done.status, Status::succeeded);
    ASSERT_EQ(done.attempts.size(), 6u);
    EXPECT_EQ(done.attempts[0].error->code, ErrorCode::interrupted);
}

TEST_F(DispatcherTest, ASlotOfACancelledJobIsFreeAfterACrash) {
    const auto id = create();
    round();
    ASSERT_TRUE(store_->cancel_job(ports::Access::everyone(), id, "key:test", clock_.now()).ok());
    backend_->forget();
    crash_and_open();
    EXPECT_EQ(store_->count_queue()->inflight, 0);
    EXPECT_EQ(job(id).status, Status::cancelled);
}

TEST_F(DispatcherTest, RetryByTheOwnerGivesAFreshBudget) {
    const auto id = create();
    round();
    backend_->fail(ErrorCode::timeout);
    clock_.advance(Milliseconds(600'000));
    round();
    backend_->fail(ErrorCode::timeout);
    ASSERT_EQ(job(id).status, Status::failed);
    ASSERT_TRUE(store_->requeue_job(ports::Access::everyone(), id, "key:test", clock_.now()).ok());
    round();
    backend_->fail(ErrorCode::timeout);
    EXPECT_EQ(job(id).status, Status::queued);
}

TEST_F(DispatcherTest, NothingIsDispatchedWhileTheStorageCannotBeUsed) {
    const auto id = create();
    for (const auto kind : {ports::ObjectErrorKind::unavailable, ports::ObjectErrorKind::denied,
                            ports::ObjectErrorKind::misconfigured}) {
        breakable_->break_with(kind);
        round();
        EXPECT_TRUE(dispatcher_->storage_trouble());
        EXPECT_EQ(job(id).status, Status::queued);
        EXPECT_TRUE(job(id).attempts.empty());  // none was wasted
        clock_.advance(Milliseconds(60'000));
    }
    breakable_->mend();
    round();
    EXPECT_FALSE(dispatcher_->storage_trouble());
    backend_->succeed();
    EXPECT_EQ(job(id).status, Status::succeeded);
}

TEST_F(DispatcherTest, AnInputThatCannotBeReadStopsDispatchingUntilTheStorageAnswers) {
    const auto first = create();
    const auto second = create();
    const auto third = create();
    round();
    breakable_->break_with(ports::ObjectErrorKind::denied);  // as when credentials are rotated
    backend_->fail(ErrorCode::storage_unavailable);
    round();
    EXPECT_TRUE(job(third).attempts.empty());
    clock_.advance(Milliseconds(3'600'000));  // however long it takes
    round();
    EXPECT_TRUE(job(third).attempts.empty());
    EXPECT_EQ(job(first).attempts.size(), 1u);

    breakable_->mend();
    backend_->succeed();  // the second, which was at work all the time
    clock_.advance(Milliseconds(60'000));
    round();
    while (!backend_->open_orders().empty()) backend_->succeed();
    round();
    while (!backend_->open_orders().empty()) backend_->succeed();
    for (const auto& id : {first, second, third}) EXPECT_EQ(job(id).status, Status::succeeded);
}

TEST_F(DispatcherTest, AResultWaitsForTheStorageInsteadOfBeingMadeAgain) {
    const auto id = create();
    round();
    breakable_->break_writes_with(ports::ObjectErrorKind::unavailable);
    std::thread runner([&] { backend_->succeed(); });
    while (breakable_->refused_writes() < 3) let_time_pass();
    EXPECT_EQ(store_->count_queue()->inflight, 1);  // the slot is taken, so nothing else is begun in vain
    breakable_->mend();
    while (job(id).status != Status::succeeded) let_time_pass();
    runner.join();
    EXPECT_EQ(job(id).attempts.size(), 1u);
}

TEST_F(DispatcherTest, AStorageThatStaysDeadFailsTheAttemptInTheEnd) {
    const auto id = create();
    round();
    breakable_->break_writes_with(ports::ObjectErrorKind::denied);
    std::thread runner([&] { backend_->succeed(); });
    while (store_->count_queue()->inflight > 0) clock_.pass(Milliseconds(1'000));
    runner.join();
    EXPECT_EQ(job(id).attempts[0].error->code, ErrorCode::storage_unavailable);
    EXPECT_EQ(job(id).status, Status::queued);
}

TEST_F(DispatcherTest, AFullStorageIsNotWaitedFor) {
    const auto id = create();
    round();
    breakable_->break_writes_with(ports::ObjectErrorKind::full);
    backend_->succeed();
    EXPECT_EQ(job(id).attempts[0].error->code, ErrorCode::storage_full);
}

TEST_F(DispatcherTest, TheLoopIsWokenByWorkAndEndsWhenTold) {
    class News : public ports::StoreListener {
    public:
        explicit News(dispatch::Dispatcher& dispatcher) : dispatcher_(dispatcher) {}
        void jobs_ready() override { dispatcher_.wake(); }
        void job_changed(const JobId&) override {}

    private:
        dispatch::Dispatcher& dispatcher_;
    };
    News news(*dispatcher_);
    store_->set_listener(&news);
    std::thread loop([&] { dispatcher_->run(); });
    const auto first = create();
    backend_->wait_for_orders(1);
    backend_->succeed();
    EXPECT_EQ(job(first).status, Status::succeeded);
    const auto second = create();
    backend_->wait_for_orders(2);
    dispatcher_->stop();
    loop.join();
    store_->set_listener(nullptr);
    EXPECT_EQ(job(second).status, Status::queued);
    EXPECT_EQ(job(second).attempts[0].error->code, ErrorCode::interrupted);
}

}  // namespace
}  // namespace darkroom::testing
