// Random lives of remote attempts: submits with and without answers, names told right, twice, late and
// wrongly, claims, ends, cancels, restarts. Whatever the order, the rows hang together, an attempt has one
// worker, and costs are the sum of what was told.
#include <map>
#include <random>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using ports::Access;
using ports::ClaimAnswer;

class RemoteHistory {
public:
    RemoteHistory(JobStoreUnderTest& under_test, std::uint64_t seed)
        : under_test_(under_test), dice_(seed), random_(seed + 1), samples_(random_) {}

    void step() {
        now_ += Milliseconds(below(2'000));
        switch (below(16)) {
            case 0:
                return create();
            case 1:
            case 2:
                return claim();
            case 3:
            case 4:
                return submit();
            case 5:
                return open();
            case 6:
                (void)*remote().adopt(attempt(), name(), now_);
                return;
            case 7:
            case 8:
                return claim_work();
            case 9:
                (void)*remote().hurry(attempt(), name(), below(2) == 0, now_);
                return;
            case 10:
                return look();
            case 11:
                return end();
            case 12:
                return finish();
            case 13:
                return below(2) == 0 ? cancel() : requeue();
            case 14:
                return come_back();
            default:
                if (below(6) == 0) under_test_.reopen();
                (void)*store().promote_due(now_, 100);
        }
    }

    void check() {
        ASSERT_EQ(under_test_.row_problems(), std::vector<std::string>());
        ASSERT_EQ(consistency_problems(store()), std::vector<std::string>());
        std::int64_t cost = 0;
        const auto costs = *remote().list_costs("0000-01-01", "9999-12-31");
        for (const auto& row : costs) cost += row.cost_micro_usd;
        std::int64_t told = 0;
        for (const auto& [ref, most] : costs_) told += most;
        ASSERT_EQ(cost, told);
    }

private:
    ports::JobStore& store() { return under_test_.store(); }
    ports::RemoteJobStore& remote() { return under_test_.remote(); }
    int below(int n) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(n)); }
    std::string name() { return "r-" + std::to_string(below(12)); }  // few, so that attempts want the same
    AttemptId attempt() {
        if (attempts_.empty() || below(20) == 0) return samples_.unknown_attempt();
        return attempts_[static_cast<std::size_t>(below(static_cast<int>(attempts_.size())))];
    }
    JobId job() {
        if (jobs_.empty()) return samples_.unknown_job();
        return jobs_[static_cast<std::size_t>(below(static_cast<int>(jobs_.size())))];
    }
    ports::RemoteJobRef ref() { return {attempt(), 1 + below(3)}; }
    ports::RemotePlan plan() {
        return {.target = below(4) == 0 ? "elsewhere" : "there",
                .look_at = now_ + Milliseconds(30'000),
                .deadline = now_ + Milliseconds(600'000)};
    }

    void create() {
        const auto request = samples_.job(ann, 0, "serverless");
        ASSERT_TRUE(store().create_job(request).ok());
        jobs_.push_back(request.job.id);
    }

    void claim() {
        auto request = claim_request(4, 2, now_);
        request.backend = "serverless";
        request.remote = plan();
        const auto claimed_jobs = *store().claim(request);
        for (const auto& claimed : claimed_jobs) attempts_.push_back(claimed.job.attempts.back().id);
    }

    void submit() {
        if (below(3) == 0) {
            ASSERT_TRUE(remote().note_unclear(ref(), now_ + Milliseconds(30'000)).ok());
        } else {
            (void)*remote().note_submitted(ref(), name(), now_ + Milliseconds(2'000));
        }
    }

    void open() { (void)*remote().open_remote_job(attempt(), plan(), now_); }

    void claim_work() {
        const auto who = attempt();
        const auto what = name();
        if (*remote().claim_work(who, what, "w", now_) != ClaimAnswer::granted) return;
        const auto remote_jobs = *remote().find_remote_jobs(who);
        int at_work = 0;
        for (const auto& one : remote_jobs)
            at_work += one.claimed && one.state == ports::RemoteState::submitted ? 1 : 0;
        ASSERT_EQ(at_work, 1);
        ASSERT_EQ(*remote().claim_work(who, what, "w", now_), ClaimAnswer::granted);
    }

    void look() {
        const auto due_jobs = *remote().list_due_remote_jobs(now_, 3);
        for (const auto& due : due_jobs) {
            ASSERT_NE(due.state, ports::RemoteState::ended);
            const ports::RemoteNote note{.phase_seen = below(3),
                                         .look_at = now_ + Milliseconds(below(4'000)),
                                         .waiting_for = "workers"};
            ASSERT_TRUE(remote().note_look(due.ref, note).ok());
        }
    }

    void end() {
        static constexpr const char* words[] = {"succeeded", "failed", "cancelled", "duplicate", "gone"};
        const auto which = ref();
        const auto remote_jobs = *remote().find_remote_jobs(which.attempt);
        bool there = false;
        for (const auto& one : remote_jobs) there = there || one.ref == which;
        auto told = remote_end(words[below(5)]);
        if (below(2) == 0) {
            told.cost_micro_usd = below(1'000);
            told.execution = Milliseconds(below(5'000));
            if (there) costs_[which] = told.cost_micro_usd;
        }
        ASSERT_TRUE(remote().end_remote_job(which, told, now_).ok());
        if (below(2) == 0) {
            ASSERT_TRUE(remote().end_remote_job(which, told, now_).ok());
        }
    }

    void finish() {
        const auto which = attempt();
        ports::AttemptEnd end = failure(core::ErrorCode::timeout);
        if (below(2) == 0) end = failure(core::ErrorCode::timeout, now_ + Milliseconds(below(3) * 500));
        if (below(3) == 0) end = samples_.success(samples_.unknown_job(), which);
        (void)*store().finish_attempt(which, end, "follower", now_);
    }

    void cancel() { (void)*store().cancel_job(Access::of(ann), job(), "key:app", now_); }
    void requeue() { (void)*store().requeue_job(Access::of(ann), job(), "key:app", now_); }

    void come_back() {
        const auto which = attempt();
        if (below(2) == 0) {
            (void)*store().succeed_late(which, samples_.success(samples_.unknown_job(), which), "follower",
                                        now_);
        } else {
            const auto back = *store().give_back(which, std::nullopt, "busy", now_);
            const bool gone = remote().find_remote_jobs(which)->empty();
            ASSERT_TRUE(gone || back == ports::Applied::stale);
        }
    }

    JobStoreUnderTest& under_test_;
    std::mt19937_64 dice_;
    darkroom::testing::SeededRandom random_;
    Samples samples_;
    TimePoint now_ = at(1'000);
    std::vector<JobId> jobs_;
    std::vector<AttemptId> attempts_;
    std::map<ports::RemoteJobRef, std::int64_t> costs_;
};

TEST_P(JobStoreSuite, RandomRemoteHistoriesHangTogether) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto under_test = GetParam()();
        RemoteHistory history(*under_test, seed);
        for (int step = 0; step < 300; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            history.step();
            if (HasFatalFailure()) return;
            if (step % 10 == 9) history.check();
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace darkroom::conformance
