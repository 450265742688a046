// Random lives of users with random shares: nobody starves, whatever others do.
#include <map>
#include <random>
#include <set>

#include "tests/conformance/job_store_suite.h"

namespace darkroom::conformance {
namespace {

using ports::Access;

/// Random lives of users with random shares. Whoever could be served and is passed over is counted.
class Crowd {
public:
    Crowd(JobStoreUnderTest& under_test, std::uint64_t seed)
        : under_test_(under_test), dice_(seed), random_(seed + 1), samples_(random_) {}

    void step() {
        now_ += 5;
        const auto who = user("u" + std::to_string(below(users)));
        switch (below(12)) {
            case 0:
            case 1:
            case 2: {
                const int count = below(10) == 0 ? 70 : 1 + below(3);
                return queue_up(who, count, below(3));
            }
            case 3:
                return change_share(who);
            case 4:
                if (!created_.empty()) cancel();
                return;
            case 5:
                if (below(6) == 0) under_test_.reopen();
                return;
            case 6:
                ASSERT_TRUE(store().promote_due(at(now_), 100).ok());
                return;
            default:
                claim_one();
                if (below(3) > 0) finish_one();
        }
    }

private:
    static constexpr int users = 5;
    static constexpr int weight_max = 3;

    ports::JobStore& store() { return under_test_.store(); }
    int below(int n) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(n)); }

    void queue_up(const UserId& who, int count, int priority) {
        for (int i = 0; i < count; ++i) {
            const auto request = samples_.job(who, priority);
            ASSERT_TRUE(store().create_job(request).ok());
            created_.emplace_back(who, request.job.id);
        }
    }

    // A lower limit would count only from the next admission on, and so would not tell who may be served.
    void change_share(const UserId& who) {
        auto& share = shares_[who];
        share.user = who;
        share.weight = 1 + below(weight_max);
        share.inflight_max = std::max(share.inflight_max.value_or(1), 1 + below(4));
        ASSERT_TRUE(store().put_share(share).ok());
    }

    void cancel() {
        const auto& [who, id] = created_[static_cast<std::size_t>(below(static_cast<int>(created_.size())))];
        ASSERT_TRUE(store().cancel_job(Access::of(who), id, "key:app", at(now_)).ok());
    }

    void claim_one() {
        std::set<UserId> servable;
        const auto standings = *store().list_users("", 100);
        for (const auto& one : standings) {
            if (one.waiting > 0 && one.at_work == 0) servable.insert(one.share.user);
        }
        const auto claimed = *store().claim(claim_request(1'000, 1, at(now_)));
        ASSERT_EQ(claimed.empty() && !servable.empty(), false) << "somebody has nothing at work and waits";
        if (claimed.empty()) return;
        at_work_.push_back(claimed[0].job.attempts.back().id);
        servable.erase(claimed[0].job.user);
        for (auto& [who, times] : passed_over_) {
            if (!servable.contains(who)) times = 0;
        }
        // Each other user has at most so many places before one's own next.
        for (const auto& who : servable) ASSERT_LE(++passed_over_[who], (users - 1) * (weight_max + 1));
    }

    void finish_one() {
        if (at_work_.empty()) return;
        const auto place = at_work_.begin() + below(static_cast<int>(at_work_.size()));
        const auto attempt = *place;
        at_work_.erase(place);
        ports::AttemptEnd end = ports::AttemptSucceeded();
        if (const int kind = below(4); kind == 0)
            end = failure(core::ErrorCode::timeout, at(now_ + below(50)));
        ASSERT_TRUE(store().finish_attempt(attempt, end, "backend:x", at(now_)).ok());
    }

    JobStoreUnderTest& under_test_;
    std::mt19937_64 dice_;
    darkroom::testing::SeededRandom random_;
    Samples samples_;
    std::int64_t now_ = 1'000;
    std::map<UserId, ports::UserShare> shares_;
    std::map<UserId, int> passed_over_;
    std::vector<std::pair<UserId, JobId>> created_;
    std::vector<AttemptId> at_work_;
};

// I-20.
TEST_P(JobStoreSuite, NobodyStarvesInRandomHistories) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto under_test = GetParam()();
        Crowd crowd(*under_test, seed);
        for (int step = 0; step < 150; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            crowd.step();
            if (HasFatalFailure()) return;
            if (step % 15 != 14) continue;
            ASSERT_EQ(under_test->row_problems(), std::vector<std::string>());
        }
        ASSERT_EQ(*under_test->store().recount_flow(), 0);
        ASSERT_EQ(under_test->row_problems(), std::vector<std::string>());
    }
}

}  // namespace
}  // namespace darkroom::conformance
