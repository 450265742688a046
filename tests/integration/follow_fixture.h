// A gateway's way back over a real store and real object folders, with a remote side, pixel processes and a
// clock that the test plays. The gateway can be killed at any call of its store; the rest outlives it.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dispatch/follower.h"
#include "dispatch/submitter.h"
#include "objects/files/file_object_store.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/integration/played_pictures.h"
#include "tests/integration/scripted_remote_backend.h"
#include "tests/support/breakable_job_store.h"
#include "tests/support/breakable_object_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

/// Remembers what became of what came in.
class SettlingStore : public BreakableRemoteJobStore {
public:
    SettlingStore(ports::RemoteJobStore& store, StoreFaults& faults, std::map<std::string, int>& outcomes)
        : BreakableRemoteJobStore(store, faults), outcomes_(outcomes) {}
    ports::StoreResult<void> settle_inbox(std::int64_t seq, const std::string& outcome) override {
        auto settled = BreakableRemoteJobStore::settle_inbox(seq, outcome);
        const std::lock_guard lock(mutex_);
        if (settled) ++outcomes_[outcome];
        return settled;
    }

private:
    std::mutex mutex_;
    std::map<std::string, int>& outcomes_;
};

/// What the process holds: gone with it.
struct FollowGateway {
    FollowGateway(ports::JobStore& jobs, ports::RemoteJobStore& remote, ports::ObjectStore& objects,
                  ScriptedRemoteBackend& far, ports::PictureWork& pictures, const ports::Clock& clock,
                  ports::Random& random, const std::filesystem::path& work_dir)
        : gate(objects, clock),
          collector(jobs, objects, clock, random, {}, Milliseconds(600'000), open, gate, [this] { ++freed; }),
          sites({&far}),
          submitter(jobs, remote, sites, collector, clock, {.signing_secret = "secret", .pace = {}}, {}),
          follower(jobs, remote, sites, collector, pictures, clock, random, follower_settings(work_dir),
                   {[this](const core::Job& job, const ports::RemoteJob& row) {
                        return submitter.submit_again(job, row);
                    },
                    [this] { ++first_passes; }}) {}

    static dispatch::FollowerSettings follower_settings(const std::filesystem::path& work_dir) {
        dispatch::FollowerSettings settings;
        settings.outputs.work_dir = work_dir;
        settings.outputs.file_bytes_max = 1'000;
        return settings;
    }

    std::atomic<int> freed{0};
    std::atomic<int> first_passes{0};
    dispatch::OpenAttempts open;
    dispatch::StorageGate gate;
    dispatch::Collector collector;
    dispatch::RemoteSites sites;
    dispatch::Submitter submitter;
    dispatch::Follower follower;
};

class FollowTest : public ::testing::Test {
protected:
    FollowTest() {
        std::filesystem::create_directory(made_);
        open();
    }

    void open() {
        store_ = *store::SqliteJobStore::open((dir_.path() / "test.db").string(), random_);
        (void)store_->take_over(1'000);
        jobs_ = std::make_unique<BreakableJobStore>(*store_, faults_);
        remote_ = std::make_unique<SettlingStore>(*store_, faults_, outcomes_);
        objects_ = *objects::FileObjectStore::open(dir_.path() / "objects");
        breakable_ = std::make_unique<BreakableObjectStore>(*objects_);
        gateway_ = std::make_unique<FollowGateway>(*jobs_, *remote_, *breakable_, far_, pictures_, clock_,
                                                   random_, dir_.path());
    }
    // As after a kill: nothing is told to anybody, and everything begins again from what is on disk.
    void crash_and_open() {
        gateway_.reset();
        store_.reset();
        objects_.reset();
        open();
    }

    JobId create() {
        ports::NewJob created;
        created.job.id = random_.id<JobId>();
        created.job.user = *UserId::parse("anna");
        created.job.type = "bg_remove";
        created.job.backend = "serverless";
        created.job.created_at = created.job.updated_at = clock_.now();
        created.actor = "key:test";
        EXPECT_TRUE(store_->create_job(created).ok());
        return created.job.id;
    }
    // As the dispatcher does, for what is ready.
    void claim() {
        auto claimed = store_->claim({.backend = "serverless",
                                      .endpoint = far_.endpoint().name,
                                      .inflight_max = 100,
                                      .jobs_max = 100,
                                      .now = clock_.now(),
                                      .remote = gateway_->submitter.plan_for(far_)});
        ASSERT_TRUE(claimed.ok());
        for (auto& [job] : *claimed)
            gateway_->submitter.add(std::move(job), far_, gateway_->submitter.holder());
    }
    void send() {
        while (gateway_->submitter.send_next()) {
        }
    }
    JobId sent() {
        const auto id = create();
        claim();
        send();
        return id;
    }
    void round() { ASSERT_TRUE(gateway_->follower.run_round()); }
    void rounds_for(Milliseconds time, Milliseconds step = Milliseconds(1'000)) {
        for (Milliseconds passed{0}; passed < time; passed += step) {
            clock_.advance(step);
            round();
            send();
        }
    }
    void retries_fall_due() {
        clock_.advance(Milliseconds(600'000));
        ASSERT_TRUE(store_->promote_due(clock_.now(), 100).ok());
    }

    core::Job job(const JobId& id) { return **store_->find_job(ports::Access::everyone(), id); }
    AttemptId attempt_of(const JobId& id) { return job(id).attempts.back().id; }
    core::Status status(const JobId& id) { return job(id).status; }
    std::vector<ports::RemoteJob> rows(const AttemptId& attempt) {
        return *store_->find_remote_jobs(attempt);
    }
    ports::RemoteJob row(const JobId& id) { return rows(attempt_of(id)).front(); }
    std::string remote_id(const JobId& id) { return row(id).remote_id; }
    void cancel(const JobId& id) {
        ASSERT_TRUE(store_->cancel_job(ports::Access::everyone(), id, "key:test", clock_.now()).ok());
    }
    std::int64_t inflight() { return store_->count_queue()->inflight; }
    int count_events(const JobId& id, const std::string& kind) {
        const auto events = store_->list_events(ports::Access::everyone(), id, 0, 1'000);
        int count = 0;
        for (const auto& event : **events) count += event.kind == kind;
        return count;
    }

    ports::InboxEntry entry(ports::InboxKind kind, const AttemptId& attempt, const std::string& remote_id,
                            bool tells_success = true) {
        ports::InboxEntry entry;
        entry.kind = kind;
        entry.attempt = attempt;
        entry.remote_id = remote_id;
        entry.tells_success = tells_success;
        entry.body = tells_success ? "succeeded" : "failed internal";
        entry.bytes = entry.body.size();
        entry.received_at = clock_.now();
        return entry;
    }
    void hint(const AttemptId& attempt, const std::string& remote_id, bool tells_success = true) {
        ASSERT_TRUE(store_->receive(entry(ports::InboxKind::hint, attempt, remote_id, tells_success)).ok());
    }
    void report(const AttemptId& attempt, const std::string& remote_id, const std::string& body) {
        auto reported = entry(ports::InboxKind::report, attempt, remote_id, body.substr(0, 9) == "succeeded");
        reported.body = body;
        ASSERT_TRUE(store_->receive(reported).ok());
    }

    std::size_t objects_on_disk() const {
        std::size_t count = 0;
        for (const auto& file : std::filesystem::recursive_directory_iterator(dir_.path() / "objects"))
            count += file.is_regular_file();
        return count;
    }
    // Succeeded once, with what it made stored, nothing left over and nothing left open.
    void expect_done(const JobId& id, const std::string& via) {
        const auto done = job(id);
        EXPECT_EQ(done.status, core::Status::succeeded);
        ASSERT_TRUE(done.selected_attempt);
        for (const auto& attempt : done.attempts) {
            if (attempt.id != *done.selected_attempt) continue;
            EXPECT_EQ(attempt.completed_via, via);
            ASSERT_FALSE(attempt.outputs.empty());
            for (const auto& output : attempt.outputs) EXPECT_TRUE(objects_->head(output.key).ok());
        }
        ASSERT_TRUE(done.thumbnail);
        EXPECT_TRUE(objects_->head(*done.thumbnail).ok());
        EXPECT_EQ(inflight(), 0);
        EXPECT_EQ(pictures_.files_left(), 0);
    }
    void expect_failed(const JobId& id, core::ErrorCode code) {
        ASSERT_FALSE(job(id).attempts.empty());
        const auto attempt = job(id).attempts.front();
        EXPECT_EQ(attempt.status, core::Status::failed);
        ASSERT_TRUE(attempt.error);
        EXPECT_EQ(attempt.error->code, code) << attempt.error->message;
        EXPECT_EQ(inflight(), 0);
    }

    TempDir dir_;
    const std::filesystem::path made_ = dir_.path() / "made";
    SeededRandom random_{7};
    ManualClock clock_;
    ScriptedRemoteBackend far_{4};
    PlayedPictures pictures_{made_};
    StoreFaults faults_;
    std::map<std::string, int> outcomes_;  // of the inbox
    std::unique_ptr<store::SqliteJobStore> store_;
    std::unique_ptr<BreakableJobStore> jobs_;
    std::unique_ptr<SettlingStore> remote_;
    std::unique_ptr<objects::FileObjectStore> objects_;
    std::unique_ptr<BreakableObjectStore> breakable_;
    std::unique_ptr<FollowGateway> gateway_;
};

}  // namespace darkroom::testing
