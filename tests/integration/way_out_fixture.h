// A gateway's way out to remote endpoints over a real store: dispatcher, lane and submitter, stepped by the
// test. The endpoints outlive it, as the real ones would, so it can be thrown away and begun again.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/attempt_token.h"
#include "dispatch/dispatcher.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/integration/scripted_remote_backend.h"
#include "tests/support/breakable_job_store.h"
#include "tests/support/breakable_object_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_object_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::testing {

constexpr Milliseconds second{1'000};

class WayOutTest : public ::testing::Test {
protected:
    static constexpr const char* secret = "the gateway's signing secret";

    // One process's objects, in the order in which they need each other.
    struct Gateway {
        std::unique_ptr<store::SqliteJobStore> store;
        std::unique_ptr<BreakableJobStore> jobs;
        std::unique_ptr<BreakableRemoteJobStore> remote_jobs;
        std::unique_ptr<dispatch::Dispatcher> dispatcher;
        dispatch::RemoteSites sites;
        std::unique_ptr<dispatch::Submitter> submitter;
        std::unique_ptr<dispatch::SpendCap> cap;
        std::unique_ptr<dispatch::RemoteLane> lane;
    };

    ScriptedRemoteBackend& add_site(int inflight_max, const std::string& name = "far", int weight = 1) {
        sites_.push_back(std::make_unique<ScriptedRemoteBackend>(inflight_max, name, weight));
        return *sites_.back();
    }
    void open() {
        gateway_ = std::make_unique<Gateway>();
        auto& g = *gateway_;
        g.store = *store::SqliteJobStore::open((dir_.path() / "test.db").string(), random_);
        g.jobs = std::make_unique<BreakableJobStore>(*g.store, faults_);
        g.remote_jobs = std::make_unique<BreakableRemoteJobStore>(*g.store, faults_);
        g.dispatcher = std::make_unique<dispatch::Dispatcher>(
            *g.jobs, breakable_, std::vector<ports::Backend*>(locals_), clock_, random_, dispatching_);
        std::vector<ports::RemoteBackend*> active;
        for (const auto& site : sites_) active.push_back(site.get());
        std::vector<ports::RemoteBackend*> kept;
        for (const auto& site : kept_sites_) kept.push_back(site.get());
        g.sites = dispatch::RemoteSites(active, kept);
        auto settings = submitting_;
        settings.signing_secret = secret;
        g.submitter = std::make_unique<dispatch::Submitter>(
            *g.jobs, *g.remote_jobs, g.sites, g.dispatcher->collector(), clock_, settings,
            dispatch::SubmitterNews{.slot_freed = [&g] { g.dispatcher->wake(); },
                                    .look_changed = [this] { ++looks_changed_; }});
        if (cap_micro_usd_)
            g.cap = std::make_unique<dispatch::SpendCap>(*g.remote_jobs, clock_, *cap_micro_usd_);
        g.lane = std::make_unique<dispatch::RemoteLane>(
            dispatch::RemoteLaneParts{.jobs = *g.jobs,
                                      .remote_jobs = *g.remote_jobs,
                                      .sites = g.sites,
                                      .submitter = *g.submitter,
                                      .collector = g.dispatcher->collector(),
                                      .clock = clock_,
                                      .spend_cap = g.cap.get(),
                                      .first_pass_done = [this] { return first_pass_done_.load(); },
                                      .wake_follower = [this] { ++follower_wakes_; }});
        g.dispatcher->use_remote(*g.lane);
        ASSERT_TRUE(!recovers_at_start_ || g.dispatcher->recover().ok());
    }
    // As after a kill: nothing is told to anybody, and everything begins again from what is on disk.
    void crash_and_open() {
        faults_.none();
        close();
        open();
    }
    void close() {
        if (!gateway_) return;
        auto& g = *gateway_;
        g.lane.reset();
        g.cap.reset();
        g.submitter.reset();
        g.dispatcher.reset();
        gateway_.reset();
    }
    ~WayOutTest() override { close(); }

    JobId create(const std::string& backend = "serverless", const std::string& user = "anna") {
        ports::NewJob created;
        created.job.id = random_.id<JobId>();
        created.job.user = *UserId::parse(user);
        created.job.type = "bg_remove";
        created.job.backend = backend;
        created.job.params_effective_json = R"({"v":1})";
        created.job.created_at = created.job.updated_at = clock_.now();
        created.actor = "key:test";
        EXPECT_TRUE(store().create_job(created).ok());
        return created.job.id;
    }
    // Of so many users that nobody's share of the queue is less than what he has.
    std::vector<JobId> create_many(int count, const std::string& backend = "serverless") {
        std::vector<JobId> ids;
        ids.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) ids.push_back(create(backend, "user-" + std::to_string(i / 50)));
        return ids;
    }
    ports::RoundReport round() {
        const auto report = dispatcher().run_round();
        EXPECT_TRUE(report.ok());
        return report ? *report : ports::RoundReport{};
    }
    // Claims, and sends all that was claimed.
    void round_and_send() {
        (void)round();
        while (submitter().send_next()) {
        }
    }
    bool cancel(const JobId& id) {
        const auto outcome = store().cancel_job(ports::Access::everyone(), id, "key:test", clock_.now());
        return outcome.ok() && std::holds_alternative<ports::JobCancelled>(*outcome);
    }

    // As the follower would.
    void end(const JobId& id, const std::string& ended_as, std::int64_t cost_micro_usd = 0) {
        const auto open = row(id);
        (void)dispatcher().collector().fail_remote(
            id, open.ref.attempt, {core::ErrorCode::input_unreadable, "Ended by the test."}, "poll");
        ports::RemoteEnd end;
        end.ended_as = ended_as;
        end.cost_micro_usd = cost_micro_usd;
        EXPECT_TRUE(store().end_remote_job(open.ref, end, clock_.now()).ok());
    }

    store::SqliteJobStore& store() { return *gateway_->store; }
    dispatch::Dispatcher& dispatcher() { return *gateway_->dispatcher; }
    dispatch::Submitter& submitter() { return *gateway_->submitter; }
    core::Job job(const JobId& id) { return **store().find_job(ports::Access::everyone(), id); }
    core::Attempt attempt(const JobId& id) { return job(id).attempts.back(); }
    std::vector<ports::RemoteJob> rows(const AttemptId& attempt) {
        return *store().find_remote_jobs(attempt);
    }
    ports::RemoteJob row(const JobId& id) { return rows(attempt(id).id).back(); }
    bool has_slot(const JobId& id) {
        for (const auto& site : sites_) {
            const auto taken = store().list_inflight(site->endpoint().name);
            for (const auto& inflight : *taken) {
                if (inflight.job == id) return true;
            }
        }
        return false;
    }
    // Neither attempts nor slots are left of it: as if it had never been claimed.
    ::testing::AssertionResult never_was(const JobId& id) {
        const auto now = job(id);
        if (now.status != core::Status::queued)
            return ::testing::AssertionFailure() << "is " << core::to_string(now.status);
        if (!now.attempts.empty()) return ::testing::AssertionFailure() << "has attempts";
        if (has_slot(id)) return ::testing::AssertionFailure() << "has a slot";
        return ::testing::AssertionSuccess();
    }

    TempDir dir_;
    SeededRandom random_{7};
    ManualClock clock_;
    StoreFaults faults_;
    MemoryObjectStore objects_;
    BreakableObjectStore breakable_{objects_};
    std::vector<std::unique_ptr<ScriptedRemoteBackend>> sites_;
    std::vector<std::unique_ptr<ScriptedRemoteBackend>> kept_sites_;
    std::vector<ports::Backend*> locals_;
    dispatch::DispatcherSettings dispatching_;
    dispatch::SubmitterSettings submitting_;
    bool recovers_at_start_ = true;
    std::optional<std::int64_t> cap_micro_usd_;
    std::atomic<bool> first_pass_done_{true};
    std::atomic<int> looks_changed_{0};
    std::atomic<int> follower_wakes_{0};
    std::unique_ptr<Gateway> gateway_;
};

}  // namespace darkroom::testing
