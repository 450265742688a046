#include "core/fair_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace darkroom::core {
namespace {

/// A queue of one kind of backend as a store keeps it, in memory.
class Queue {
public:
    explicit Queue(int window) : window_(window) {}

    void share(const std::string& user, const FairShare& share) { users_[user].share = share; }

    std::int64_t create(const std::string& user, int priority = 0) {
        const Turn turn{-priority, ++seq_};
        settle(user, {turn});
        return seq_;
    }

    struct Claimed {
        std::string user;
        Turn turn;
    };
    std::optional<Claimed> claim() {
        const std::string* next = nullptr;
        Standing best;
        for (auto& [name, user] : users_) {
            if (user.line.empty()) continue;
            const auto& first = user.line.front();
            if (next != nullptr &&
                std::pair(first.vt, first.turn.job_seq) >= std::pair(best.vt, best.turn.job_seq))
                continue;
            next = &name;
            best = first;
        }
        if (next == nullptr) return std::nullopt;
        auto& user = users_[*next];
        user.line.erase(user.line.begin());
        ++user.inflight;
        lane_vt_ = std::max(lane_vt_, best.vt);
        return Claimed{*next, best.turn};
    }
    void finish(const std::string& user) {
        --users_[user].inflight;
        settle(user, {});
    }
    /// Out of the line or the backlog; false = neither.
    bool cancel(const std::string& user, const Turn& turn) {
        auto& one = users_[user];
        if (std::erase(one.backlog, turn) > 0) return true;
        const auto found = std::find_if(one.line.begin(), one.line.end(),
                                        [&](const auto& standing) { return standing.turn == turn; });
        if (found == one.line.end()) return false;
        const auto vt = found->vt;
        one.line.erase(found);
        settle(user, {}, {vt});
        return true;
    }
    void come_back(const std::string& user, const Turn& turn) { settle(user, {turn}); }

    struct User {
        FairShare share;
        std::vector<Standing> line;  // by vt
        std::vector<Turn> backlog;   // by turn
        int inflight = 0;
        std::int64_t last_vt = 0;
    };
    const std::map<std::string, User>& users() const { return users_; }
    std::int64_t limit(const User& user) const { return admission_limit(user.share, window_); }

private:
    void settle(const std::string& name, std::vector<Turn> arriving,
                std::vector<std::int64_t> returned = {}) {
        auto& user = users_[name];
        Arrivals arrivals;
        arrivals.share = user.share;
        arrivals.lane_vt = lane_vt_;
        arrivals.last_vt = user.last_vt;
        arrivals.room = limit(user) - std::ssize(user.line) - user.inflight;
        arrivals.arriving = std::move(arriving);
        arrivals.standing = user.line;
        arrivals.returned = std::move(returned);
        arrivals.backlog = user.backlog;
        if (std::ssize(arrivals.backlog) > std::max<std::int64_t>(0, arrivals.room))
            arrivals.backlog.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, arrivals.room)));
        const auto done = admit(arrivals);
        for (const auto& turn : done.called) std::erase(user.backlog, turn);
        for (const auto& one : done.pushed_out) {
            std::erase(user.line, one);
            user.backlog.push_back(one.turn);
        }
        for (const auto& move : done.move) {
            const auto found = std::find_if(user.line.begin(), user.line.end(), [&](const auto& standing) {
                return standing.turn == move.from.turn;
            });
            ASSERT_NE(found, user.line.end());
            found->vt = move.to_vt;
        }
        for (const auto& turn : done.wait) user.backlog.push_back(turn);
        for (const auto& one : done.enter) user.line.push_back(one);
        std::sort(user.backlog.begin(), user.backlog.end());
        std::sort(user.line.begin(), user.line.end(), [](const auto& a, const auto& b) {
            return std::pair(a.vt, a.turn) < std::pair(b.vt, b.turn);
        });
        user.last_vt = done.last_vt;
    }

    const int window_;
    std::int64_t seq_ = 0;
    std::int64_t lane_vt_ = 0;
    std::map<std::string, User> users_;
};

/// With `slots` at work at a time, who of the next `count` claims was whose.
std::map<std::string, int> work(Queue& queue, int slots, int count) {
    std::map<std::string, int> done;
    std::vector<std::string> at_work;
    for (int i = 0; i < count; ++i) {
        if (std::ssize(at_work) == slots) {
            queue.finish(at_work.front());
            at_work.erase(at_work.begin());
        }
        const auto claimed = queue.claim();
        if (!claimed) break;
        ++done[claimed->user];
        at_work.push_back(claimed->user);
    }
    for (const auto& user : at_work) queue.finish(user);
    return done;
}

TEST(FairShare, WhoComesAfterThousandsOfJobsOfAnotherIsNext) {
    for (const int window : {1, 4, 64, 1'000'000}) {
        SCOPED_TRACE(window);
        Queue queue(window);
        for (int i = 0; i < 2'000; ++i) queue.create("a");
        (void)work(queue, 4, 500);
        queue.create("b");
        // One of a's stands at the same time already, and came first.
        EXPECT_EQ(work(queue, 1, 2)["b"], 1);
    }
}

TEST(FairShare, WeightsOneOneTwoGiveAQuarterAQuarterAndAHalfWhateverTheWindow) {
    for (const int window : {4, 64, 1'000'000}) {
        SCOPED_TRACE(window);
        Queue queue(window);
        queue.share("c", {.weight = 2, .inflight_max = {}});
        for (int i = 0; i < 800; ++i) {
            queue.create("a");
            queue.create("b");
            queue.create("c");
        }
        auto done = work(queue, 2, 800);
        EXPECT_NEAR(done["a"], 200, 2);
        EXPECT_NEAR(done["b"], 200, 2);
        EXPECT_NEAR(done["c"], 400, 2);
    }
}

TEST(FairShare, WhoMayHaveLessAtWorkThanHeDeservesHoldsNobodyUp) {
    Queue queue(64);
    queue.share("a", {.weight = 1, .inflight_max = 1});
    for (int i = 0; i < 100; ++i) queue.create("a");
    ASSERT_EQ(queue.claim()->user, "a");
    EXPECT_FALSE(queue.claim()) << "its only one is at work";
    queue.create("b");
    EXPECT_EQ(queue.claim()->user, "b");
    queue.finish("a");
    EXPECT_EQ(queue.claim()->user, "a");
}

TEST(FairShare, AUsersOwnJobsGoByPriorityThenAgeAlsoPastAFullWindow) {
    Queue queue(4);
    for (int i = 0; i < 6; ++i) queue.create("a");
    const auto urgent = queue.create("a", 5);
    std::vector<std::int64_t> order;
    while (const auto claimed = queue.claim()) {
        order.push_back(claimed->turn.job_seq);
        queue.finish("a");
    }
    EXPECT_EQ(order, (std::vector<std::int64_t>{urgent, 1, 2, 3, 4, 5, 6}));
}

TEST(FairShare, WhoCancelsWhatWaitsKeepsHisPlaceInLine) {
    Queue queue(64);
    for (int i = 0; i < 64; ++i) queue.create("a");
    for (int seq = 1; seq <= 64; ++seq) EXPECT_TRUE(queue.cancel("a", {0, seq}));
    queue.create("b");
    queue.create("b");
    queue.create("a");
    EXPECT_EQ(queue.claim()->user, "b");
    EXPECT_EQ(queue.claim()->user, "a") << "as if it had asked for nothing before";
}

TEST(FairShare, IdlenessIsNotSavedUp) {
    Queue queue(64);
    queue.create("idle");
    ASSERT_EQ(queue.claim()->user, "idle");
    for (int i = 0; i < 1'000; ++i) queue.create("busy");
    (void)work(queue, 1, 500);
    for (int i = 0; i < 100; ++i) queue.create("idle");
    auto done = work(queue, 1, 100);
    EXPECT_NEAR(done["idle"], 50, 1);
}

TEST(FairShare, AWeightThatIsTooLargeOrTooSmallDoesNoHarm) {
    EXPECT_EQ(admission_limit({.weight = 1, .inflight_max = 0}, 64), 1);
    EXPECT_EQ(admission_limit({.weight = 1, .inflight_max = -3}, 64), 1);
    EXPECT_EQ(admission_limit({.weight = 1, .inflight_max = 100}, 64), 64);
    EXPECT_EQ(admission_limit({.weight = 1, .inflight_max = {}}, 0), 1);
    Arrivals arrivals;
    arrivals.share.weight = 0;
    arrivals.room = 1;
    arrivals.arriving = {{0, 1}};
    EXPECT_EQ(admit(arrivals).enter.at(0).vt, fair_cost);
}

void expect_order(const Queue& queue) {
    for (const auto& [name, user] : queue.users()) {
        SCOPED_TRACE(name);
        ASSERT_LE(std::ssize(user.line) + user.inflight, queue.limit(user));
        for (std::size_t i = 1; i < user.line.size(); ++i) {
            ASSERT_LT(user.line[i - 1].turn, user.line[i].turn);
            ASSERT_LT(user.line[i - 1].vt, user.line[i].vt);
        }
        if (user.backlog.empty()) continue;
        ASSERT_EQ(std::ssize(user.line) + user.inflight, queue.limit(user))
            << "it waits though there is room";
        if (user.line.empty()) continue;
        ASSERT_LT(user.line.back().turn, user.backlog.front());
    }
}

class History {
public:
    explicit History(std::uint32_t seed) : dice_(seed), queue_(1 + below(6)) {}

    const Queue& queue() const { return queue_; }

    void step() {
        const std::string name(1, static_cast<char>('a' + below(3)));
        switch (below(6)) {
            case 0:
            case 1: {
                const int priority = below(3);
                created_.emplace_back(name, Turn{-priority, queue_.create(name, priority)});
                break;
            }
            case 2:
                if (const auto claimed = queue_.claim()) at_work_.push_back(*claimed);
                break;
            case 3:
            case 4:
                return end_some();
            default:
                if (created_.empty()) return;
                const auto& [owner, turn] = created_[static_cast<std::size_t>(below(std::ssize(created_)))];
                (void)queue_.cancel(owner, turn);
        }
    }

private:
    int below(std::ptrdiff_t n) { return static_cast<int>(dice_() % static_cast<std::uint32_t>(n)); }

    void end_some() {
        if (at_work_.empty()) return;
        const auto place = at_work_.begin() + below(std::ssize(at_work_));
        const auto done = *place;
        at_work_.erase(place);
        queue_.finish(done.user);
        if (below(3) == 0) queue_.come_back(done.user, done.turn);
    }

    std::mt19937 dice_;
    Queue queue_;
    std::vector<Queue::Claimed> at_work_;
    std::vector<std::pair<std::string, Turn>> created_;
};

// Whatever happens, who is in line are each user's best, in their order, never more than there is room for,
// and nobody waits while there is.
TEST(FairShare, RandomHistoriesKeepTheLineInOrder) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        History history(seed);
        for (int step = 0; step < 300; ++step) {
            history.step();
            expect_order(history.queue());
            if (HasFatalFailure()) return;
        }
    }
}

}  // namespace
}  // namespace darkroom::core
