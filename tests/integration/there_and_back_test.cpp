// Whole histories: dispatcher, submitter and follower over a real store, a remote side that loses, refuses,
// fails, doubles and forgets, owners who cancel, and a process that dies between any two calls to its store.
// Method: seeded; whatever happens, in the end no job, no slot and no remote job may be left over.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "dispatch/follower.h"
#include "tests/integration/played_pictures.h"
#include "tests/integration/way_out_fixture.h"

namespace darkroom::testing {
namespace {

using core::ErrorCode;
using core::Status;
using ports::RefusalRule;
using ports::RemotePhase;
using ports::RemoteState;

constexpr int jobs_of_a_history = 200;

class ThereAndBackTest : public WayOutTest {
protected:
    ~ThereAndBackTest() override { follower_.reset(); }

    void begin(std::uint32_t seed) {
        dice_.seed(seed);
        for (const auto* name : {"a", "b"}) {
            auto& site = add_site(name[0] == 'a' ? 8 : 24, name, name[0] == 'a' ? 1 : 3);
            site.play_submits([this](const auto&) { return random_play(); });
        }
        reopen();
    }
    void reopen() {
        faults_.none();
        follower_.reset();
        crash_and_open();
        dispatch::FollowerSettings settings;
        settings.outputs.work_dir = dir_.path();
        auto& g = *gateway_;
        follower_ = std::make_unique<dispatch::Follower>(
            *g.jobs, *g.remote_jobs, g.sites, g.dispatcher->collector(), pictures_, clock_, random_, settings,
            dispatch::FollowerHooks{.submit_again =
                                        [&g](const core::Job& job, const ports::RemoteJob& row) {
                                            return g.submitter->submit_again(job, row);
                                        },
                                    .first_pass = [] {}});
    }

    bool chance(int percent) { return static_cast<int>(dice_() % 100) < percent; }
    SubmitPlay random_play() {
        const auto roll = calm_ ? 0 : dice_() % 100;
        if (roll < 55) return ScriptedRemoteBackend::taken();
        if (roll < 70) return ScriptedRemoteBackend::taken_but_reply_lost();
        if (roll < 80) return ScriptedRemoteBackend::lost_on_the_way();
        const auto pause = Milliseconds(static_cast<std::int64_t>(dice_() % 4'000));
        if (roll < 92) return ScriptedRemoteBackend::refused(RefusalRule::again_later, pause);
        if (roll < 96) return ScriptedRemoteBackend::refused(RefusalRule::pause);
        return ScriptedRemoteBackend::refused(RefusalRule::give_up);
    }

    // What the gateway's threads would do, or until it dies.
    void gateway_works() {
        if (!calm_ && chance(25)) {
            auto left = std::make_shared<int>(static_cast<int>(dice_() % 100));
            const auto hook = [left](std::string_view) -> std::optional<ports::StoreError> {
                if (--*left < 0) throw ProcessDies{};
                return std::nullopt;
            };
            if (chance(50)) {
                faults_.before(hook);
            } else {
                faults_.after(hook);
            }
        }
        try {
            first_pass_done_ = follower_->first_pass_done();
            (void)dispatcher().run_round();
            while (submitter().send_next()) {
            }
            (void)follower_->run_round();
        } catch (const ProcessDies&) {
            ++deaths_;
            first_pass_done_ = false;
            reopen();
        }
        faults_.none();
    }

    // Workers take, work, end and tell.
    void remote_side_works() {
        for (const auto& site : sites_) {
            for (const auto& there : site->jobs()) {
                if (ports::is_end(there.look.phase) || (!calm_ && chance(50))) continue;
                if (there.look.phase == RemotePhase::queued) {
                    begin_work(*site, there);
                } else {
                    end_work(*site, there);
                }
            }
            if (!calm_ && chance(4)) site->set_endpoint_trouble("by the test");
            if (calm_ || chance(40)) site->set_endpoint_trouble(std::nullopt);
        }
    }
    // A claim comes through the gateway's webhooks: what it says is durable whoever dies.
    void begin_work(ScriptedRemoteBackend& site, const PlayedJob& there) {
        const auto answer = store().claim_work(there.order.work.attempt, there.remote_id, "w1", clock_.now());
        if (*answer == ports::ClaimAnswer::granted) {
            site.set_phase(there.remote_id, RemotePhase::running);
            begun_[there.order.work.attempt].insert(there.remote_id);
        } else if (*answer == ports::ClaimAnswer::taken) {
            site.set_phase(there.remote_id, RemotePhase::duplicate);
        } else {
            site.set_phase(there.remote_id, RemotePhase::cancelled);
        }
    }
    void end_work(ScriptedRemoteBackend& site, const PlayedJob& there) {
        const auto roll = calm_ ? 0 : dice_() % 100;
        if (roll < 70) {
            site.succeed(there.remote_id);
        } else if (roll < 80) {
            site.fail(there.remote_id, ErrorCode::worker_crashed);
        } else if (roll < 85) {
            site.fail(there.remote_id, ErrorCode::input_unreadable);
        } else if (roll < 90) {
            (void)site.worker_puts(there.remote_id, "pixels");  // finished, and its report was lost
            site.fail(there.remote_id, ErrorCode::timeout);
        } else if (roll < 95) {
            site.set_phase(there.remote_id, RemotePhase::cancelled);  // by somebody else
        } else {
            site.succeed(there.remote_id);
            site.forget(there.remote_id);  // its retention was over
        }
        for (int times = calm_ ? 1 : static_cast<int>(dice_() % 3); times > 0; --times) tell(there);
    }
    void tell(const PlayedJob& there) {
        ports::InboxEntry hint;
        hint.attempt = there.order.work.attempt;
        hint.remote_id = there.remote_id;
        hint.tells_success = chance(80);
        hint.received_at = clock_.now();
        EXPECT_TRUE(store().receive(hint).ok());
    }

    void owners_cancel(const std::vector<JobId>& ids) {
        if (calm_ || ids.empty() || !chance(10)) return;
        const auto& id = ids[dice_() % ids.size()];
        if (!core::is_terminal(job(id).status) && cancel(id)) ++cancelled_;
    }

    bool all_over(const std::vector<JobId>& ids) {
        return std::all_of(ids.begin(), ids.end(),
                           [&](const auto& id) { return core::is_terminal(job(id).status); });
    }
    void live(const std::vector<JobId>& ids, int rounds, Milliseconds step) {
        for (int i = 0; i < rounds; ++i) {
            clock_.advance(step + Milliseconds(static_cast<std::int64_t>(dice_() % 1'000)));
            gateway_works();
            remote_side_works();
            owners_cancel(ids);
        }
    }

    void expect_nothing_left_over(const std::vector<JobId>& ids) {
        for (const auto& id : ids) {
            const auto now = job(id);
            SCOPED_TRACE(id.str());
            EXPECT_TRUE(core::is_terminal(now.status)) << core::to_string(now.status);
            EXPECT_LE(std::count_if(now.attempts.begin(), now.attempts.end(),
                                    [](const auto& attempt) {
                                        return attempt.error && attempt.error->code != ErrorCode::interrupted;
                                    }),
                      3);
            if (now.status == Status::succeeded) expect_shown(now);
        }
        EXPECT_EQ(store().count_queue()->inflight, 0);
        EXPECT_EQ(store().count_queue()->ready, 0);
        EXPECT_EQ(store().count_queue()->delayed, 0);
        EXPECT_FALSE(*store().next_remote_look()) << "a remote job is still looked after";
        EXPECT_EQ(pictures_.files_left(), 0);
        expect_accounted();
        // I-09: the fence lets one remote job of an attempt work, whatever was submitted twice.
        for (const auto& [attempt, remote_ids] : begun_) EXPECT_LE(remote_ids.size(), 1u);
    }
    void expect_shown(const core::Job& done) {
        ASSERT_TRUE(done.selected_attempt);
        for (const auto& one : done.attempts) {
            if (one.id != *done.selected_attempt) continue;
            ASSERT_FALSE(one.outputs.empty());
            for (const auto& output : one.outputs) EXPECT_TRUE(objects_.head(output.key).ok());
        }
    }
    // I-08: everything that was ever there is known by its name, and known to be over. Only a name that
    // nobody ever told stays unknown: then a submit without one stands for it.
    void expect_accounted() {
        std::map<std::string, ports::RemoteJob> known;
        std::map<AttemptId, int> never_seen;
        for (std::int64_t after = 0;;) {
            const auto page = store().list_remote_jobs(after, 100);
            for (const auto& row : page->remote_jobs) {
                EXPECT_EQ(row.state, RemoteState::ended);
                if (row.remote_id.empty()) {
                    ++never_seen[row.ref.attempt];
                } else {
                    known[row.remote_id] = row;
                }
            }
            after = page->next_after;
            if (after == 0) break;
        }
        for (const auto& site : sites_) {
            for (const auto& there : site->jobs()) {
                if (known.count(there.remote_id) == 0) {
                    EXPECT_GE(--never_seen[there.order.work.attempt], 0) << there.remote_id;
                }
            }
        }
    }

    std::mt19937 dice_;
    PlayedPictures pictures_{make_dir()};
    std::unique_ptr<dispatch::Follower> follower_;
    std::map<AttemptId, std::set<std::string>> begun_;
    bool calm_ = false;
    int deaths_ = 0;
    int cancelled_ = 0;

private:
    std::filesystem::path make_dir() {
        auto made = dir_.path() / "made";
        std::filesystem::create_directory(made);
        return made;
    }
};

class ThereAndBackSeeds : public ThereAndBackTest, public ::testing::WithParamInterface<std::uint32_t> {};

TEST_P(ThereAndBackSeeds, WhateverHappensEveryJobEndsAndNothingIsLeftOver) {
    begin(GetParam());
    const auto ids = create_many(jobs_of_a_history);
    live(ids, 100, 2 * second);
    calm_ = true;
    for (int i = 0; i < 400 && !all_over(ids); ++i) live(ids, 1, 10 * second);
    // Submits that nobody ever heard of are looked after until their deadline.
    live(ids, 30, std::chrono::hours(1));
    expect_nothing_left_over(ids);
    int succeeded = 0;
    int failed = 0;
    for (const auto& id : ids) {
        succeeded += job(id).status == Status::succeeded;
        failed += job(id).status == Status::failed;
    }
    std::cout << "succeeded " << succeeded << ", failed " << failed << ", cancelled " << cancelled_
              << ", deaths " << deaths_ << ", submits "
              << sites_[0]->orders().size() + sites_[1]->orders().size() << "\n";
    EXPECT_GT(succeeded, jobs_of_a_history / 2);
    EXPECT_GT(deaths_, 0);
}

// More of them for a long run: DARKROOM_HISTORY_SEEDS=1000.
std::uint32_t seeds() {
    const char* wanted = std::getenv("DARKROOM_HISTORY_SEEDS");
    return wanted == nullptr ? 5 : static_cast<std::uint32_t>(std::max(1, std::atoi(wanted)));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ThereAndBackSeeds, ::testing::Range(1u, 1u + seeds()));

}  // namespace
}  // namespace darkroom::testing
