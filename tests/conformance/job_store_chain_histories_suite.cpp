// Random lives of chains: steps that fail, are tried again, given back, done late; owners that cancel and
// retry; a store that is closed in between. Whatever happens, a chain stands as its steps do, nothing is done
// that was done, and every chain can be brought to its success.
#include <random>

#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/remote_samples.h"

namespace darkroom::conformance {
namespace {

using core::Status;
using ports::Access;

class ChainHistory {
public:
    ChainHistory(JobStoreUnderTest& under_test, std::uint64_t seed)
        : under_test_(under_test), dice_(seed), random_(seed + 1), samples_(random_) {}

    void step() {
        now_ += Milliseconds(below(50));
        switch (below(12)) {
            case 0:
                return create();
            case 1:
            case 2:
            case 3:
                return claim();
            case 4:
            case 5:
                return start();
            case 6:
            case 7:
                return finish();
            case 8:
                return below(2) == 0 ? give_back() : succeed_late();
            case 9:
                return below(3) == 0 ? cancel() : promote();
            case 10:
                return requeue();
            default:
                if (below(6) == 0) under_test_.reopen();
        }
    }

    void compare() {
        ASSERT_EQ(consistency_problems(store()), std::vector<std::string>());
        ASSERT_EQ(under_test_.row_problems(), std::vector<std::string>());
        for (const auto& chain : chains_) {
            for (const auto& step : read(chain).steps) no_step_was_done_twice(step);
        }
    }

    /// All goes well from here on: in the end every chain has succeeded and shows what it promised.
    void bring_home() {
        for (int round = 0; round < 200; ++round) {
            bool open = false;
            for (const auto& chain : chains_) {
                const auto status = read(chain).status;
                if (status == Status::failed || status == Status::cancelled) {
                    ASSERT_TRUE(std::holds_alternative<ports::JobRequeued>(
                        *store().requeue_job(Access::of(ann), chain, "key:app", now_)));
                }
                open = open || status != Status::succeeded;
            }
            if (!open) break;
            now_ += Milliseconds(1'000);
            promote();
            claim();
            const auto inflight = *store().list_inflight("this-machine");
            for (const auto& row : inflight) end(row.attempt, samples_.success(row.job, row.attempt));
        }
        for (const auto& id : chains_) {
            const auto chain = read(id);
            ASSERT_EQ(chain.status, Status::succeeded);
            ASSERT_EQ(chain.outputs.size(), 2u);
            ASSERT_EQ(chain.outputs[0].role, "main");
            ASSERT_TRUE(chain.thumbnail.has_value());
        }
        ASSERT_EQ(store().count_queue()->ready + store().count_queue()->delayed, 0);
    }

    int chains_made() const { return static_cast<int>(chains_.size()); }

private:
    ports::JobStore& store() { return under_test_.store(); }
    int below(int n) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(n)); }
    core::Job read(const JobId& id) { return **store().find_job(Access::of(ann), id); }

    void no_step_was_done_twice(const core::ChainStep& step) {
        int successes = 0;
        for (const auto& attempt : read(step.job).attempts)
            successes += attempt.status == Status::succeeded ? 1 : 0;
        ASSERT_EQ(successes, step.status == Status::succeeded ? 1 : 0);
    }

    void create() {
        if (chains_.size() >= 5) return;
        std::vector<StepPlan> plan;
        const int count = 1 + below(5);
        for (int i = 0; i < count; ++i) {
            StepPlan step{"s" + std::to_string(i)};
            if (i > 0 && below(4) > 0) step.from = "s" + std::to_string(below(i));
            if (below(3) == 0) step.role = "mask";
            plan.push_back(step);
        }
        const auto request = samples_.chain(ann, plan, below(3));
        ASSERT_TRUE(std::holds_alternative<ports::JobCreated>(*store().create_job(request)));
        chains_.push_back(request.job.id);
    }

    void claim() {
        auto request = claim_request(6, 1 + below(4), now_);
        request.remote = remote_plan();
        const auto claimed = *store().claim(request);
        for (const auto& one : claimed) {
            ASSERT_FALSE(one.job.inputs.empty()) << "it has nothing to work on";
            attempts_.push_back({one.job.id, one.job.attempts.back().id});
        }
    }

    struct Known {
        JobId job;
        AttemptId attempt;
    };
    const Known* some_attempt() {
        if (attempts_.empty()) return nullptr;
        return &attempts_[static_cast<std::size_t>(below(static_cast<int>(attempts_.size())))];
    }

    void start() {
        const auto* const known = some_attempt();
        if (known == nullptr) return;
        ASSERT_TRUE(store().start_attempt(known->attempt, now_).ok());
    }

    void end(const AttemptId& attempt, const ports::AttemptEnd& how) {
        ASSERT_TRUE(store().finish_attempt(attempt, how, "backend:this-machine", now_).ok());
    }

    void finish() {
        const auto* const known = some_attempt();
        if (known == nullptr) return;
        switch (below(5)) {
            case 0:
                return end(known->attempt, failure(core::ErrorCode::no_subject));
            case 1:
                return end(known->attempt,
                           failure(core::ErrorCode::timeout, now_ + Milliseconds(below(200))));
            default:
                return end(known->attempt, samples_.success(known->job, known->attempt));
        }
    }

    void give_back() {
        const auto* const known = some_attempt();
        if (known == nullptr) return;
        ASSERT_TRUE(store().give_back(known->attempt, std::nullopt, "busy", now_).ok());
    }

    void succeed_late() {
        const auto* const known = some_attempt();
        if (known == nullptr) return;
        ASSERT_TRUE(store()
                        .succeed_late(known->attempt, samples_.success(known->job, known->attempt),
                                      "backend:this-machine", now_)
                        .ok());
    }

    /// A chain, or by mistake one of its steps: that is refused.
    void cancel() {
        if (chains_.empty()) return;
        const auto chain = read(some_chain());
        if (below(3) == 0) {
            const auto outcome = *store().cancel_job(Access::of(ann), chain.steps[0].job, "key:app", now_);
            ASSERT_TRUE(std::holds_alternative<ports::NotAllowedNow>(outcome));
            return;
        }
        std::size_t at_work = 0;
        for (const auto& step : chain.steps)
            at_work += step.status == Status::dispatched || step.status == Status::running ? 1 : 0;
        const auto outcome = *store().cancel_job(Access::of(ann), chain.id, "key:app", now_);
        ASSERT_EQ(std::holds_alternative<ports::JobCancelled>(outcome), !core::is_terminal(chain.status));
        const auto* const cancelled = std::get_if<ports::JobCancelled>(&outcome);
        if (cancelled == nullptr) return;
        ASSERT_EQ(cancelled->stop.size(), at_work);
    }

    void requeue() {
        if (chains_.empty()) return;
        const auto chain = read(some_chain());
        const auto outcome = *store().requeue_job(Access::of(ann), chain.id, "key:app", now_);
        ASSERT_EQ(std::holds_alternative<ports::JobRequeued>(outcome),
                  chain.status == Status::failed || chain.status == Status::cancelled);
    }

    void promote() { ASSERT_TRUE(store().promote_due(now_, 1'000).ok()); }

    JobId some_chain() { return chains_[static_cast<std::size_t>(below(static_cast<int>(chains_.size())))]; }

    JobStoreUnderTest& under_test_;
    std::mt19937_64 dice_;
    darkroom::testing::SeededRandom random_;
    Samples samples_;
    std::vector<JobId> chains_;
    std::vector<Known> attempts_;
    TimePoint now_ = at(1'000);
};

TEST_P(JobStoreSuite, RandomChainsStandAsTheirStepsDoAndAllCanBeBroughtHome) {
    int chains = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto under_test = GetParam()();
        ChainHistory history(*under_test, seed);
        for (int step = 0; step < 160; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            history.step();
            if (HasFatalFailure()) return;
            if (step % 10 == 9) history.compare();
            if (HasFatalFailure()) return;
        }
        history.bring_home();
        if (HasFatalFailure()) return;
        history.compare();
        if (HasFatalFailure()) return;
        chains += history.chains_made();
    }
    EXPECT_GT(chains, 24);
}

}  // namespace
}  // namespace darkroom::conformance
