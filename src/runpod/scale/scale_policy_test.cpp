#include "runpod/scale/scale_policy.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace darkroom::runpod::scale {
namespace {

constexpr Instant start{std::chrono::hours(1)};

Instant at(std::int64_t seconds) { return start + std::chrono::seconds(seconds); }

QueueView queue(std::int64_t waiting, std::int64_t running, std::int64_t oldest_s = 0,
                std::optional<std::int64_t> execution_s = 10) {
    QueueView view;
    view.waiting = waiting;
    view.running = running;
    view.at_work_max = running;
    view.oldest_wait = std::chrono::seconds(oldest_s);
    if (execution_s) view.execution = std::chrono::seconds(*execution_s);
    return view;
}

ScaleSettings settings(int min = 0, int max = 10) {
    ScaleSettings settings;
    settings.workers_min = min;
    settings.workers_max = max;
    settings.warm_from_jobs = std::numeric_limits<int>::max();  // tested apart
    return settings;
}

TEST(ScalePolicy, DecidesAtOnceFromWhatWaitsAndRuns) {
    struct Case {
        std::string name;
        QueueView queue;
        WorkerBounds set;
        int max;
        ScaleReason reason;
    };
    const auto none = ScaleReason::none;
    for (const auto& one : {
             Case{"nothing to do", queue(0, 0), {0, 3}, 3, none},
             Case{"zero is left alone while nothing waits", queue(0, 0), {0, 0}, 0, none},
             Case{"one waits and nobody may come", queue(1, 0), {0, 0}, 1, ScaleReason::from_zero},
             Case{"many wait and nobody may come", queue(500, 0), {0, 0}, 1, ScaleReason::from_zero},
             Case{"six of 10 s are a minute of one worker", queue(6, 0), {0, 1}, 1, none},
             Case{"seven are more than that", queue(7, 0), {0, 1}, 2, ScaleReason::queue},
             Case{"as many as needed", queue(18, 0), {0, 2}, 3, ScaleReason::queue},
             Case{"at most twice as many", queue(60, 0), {0, 2}, 4, ScaleReason::queue},
             Case{"never more than are allowed", queue(6'000, 0), {0, 8}, 10, ScaleReason::queue},
             Case{"allowed ones are all there", queue(6'000, 10, 900), {0, 10}, 10, none},
             Case{"no more workers than jobs", queue(3, 0, 0, 600), {0, 2}, 3, ScaleReason::queue},
             Case{"running ones count half", queue(5, 3), {0, 1}, 2, ScaleReason::queue},
             Case{"an old queue and all at work", queue(2, 2, 61), {0, 2}, 3, ScaleReason::old_queue},
             Case{"an old queue but not all at work", queue(2, 1, 61), {0, 2}, 2, none},
             Case{"a young queue", queue(2, 2, 59), {0, 2}, 2, none},
             Case{"not measured yet", queue(9, 0, 0, std::nullopt), {0, 1}, 2, ScaleReason::queue},
             Case{"more than are allowed", queue(0, 0), {0, 30}, 10, ScaleReason::bounds},
             Case{"more than are allowed, but at work", queue(0, 14), {0, 30}, 14, ScaleReason::bounds},
             Case{"absurd counts", queue(1'000'000'000, 0), {0, 10}, 10, none},
         }) {
        SCOPED_TRACE(one.name);
        ScalePolicy policy(settings());
        const auto decision = policy.decide(at(0), one.queue, false, one.set);
        EXPECT_EQ(decision.workers.max, one.max);
        EXPECT_EQ(decision.workers.min, one.set.min);
        EXPECT_EQ(name_of(decision.reason), name_of(one.reason));
        EXPECT_EQ(decision.why.empty(), one.reason == none);
    }
}

TEST(ScalePolicy, SaysWhyInNumbers) {
    ScalePolicy policy(settings());
    auto view = queue(60, 2, 35, 8);
    view.ended_per_minute = 15;
    EXPECT_EQ(policy.decide(at(0), view, false, {0, 2}).why,
              "60 waiting, 2 running, oldest 35 s, 15 ended per minute; one takes 8 s; a step towards 9");
}

TEST(ScalePolicy, DoublesAtMostOncePerHalfMinute) {
    ScalePolicy policy(settings(0, 100));
    WorkerBounds set{0, 2};
    std::vector<int> after_each_10_s;
    for (int second = 0; second <= 90; second += 10) {
        const auto decision = policy.decide(at(second), queue(10'000, set.max), false, set);
        policy.applied(at(second), set, decision.workers);
        set = decision.workers;
        after_each_10_s.push_back(set.max);
    }
    EXPECT_EQ(after_each_10_s, (std::vector<int>{4, 4, 4, 8, 8, 8, 16, 16, 16, 32}));
}

TEST(ScalePolicy, GoesDownOneStepAfterFiveCalmMinutes) {
    ScalePolicy policy(settings());
    WorkerBounds set{0, 4};
    std::vector<int> changed_at;
    for (int second = 0; second <= 2'400; second += 10) {
        const auto decision = policy.decide(at(second), queue(0, 0), false, set);
        if (decision.workers == set) continue;
        EXPECT_EQ(name_of(decision.reason), "calm");
        EXPECT_EQ(decision.workers.max, set.max - 1);
        policy.applied(at(second), set, decision.workers);
        set = decision.workers;
        changed_at.push_back(second);
    }
    EXPECT_EQ(changed_at, (std::vector<int>{300, 600, 900}));
    EXPECT_EQ(set.max, 1) << "never to zero: should the gateway be gone, jobs would wait for ever";
}

TEST(ScalePolicy, OneBusyMomentMakesTheCalmBeginAnew) {
    ScalePolicy policy(settings());
    const WorkerBounds set{0, 4};
    for (int second = 0; second < 3'000; second += 10) {
        const bool busy = second % 290 == 0;
        const auto decision = policy.decide(at(second), queue(busy ? 24 : 0, 0), false, set);
        EXPECT_EQ(decision.workers, set) << second;
    }
}

TEST(ScalePolicy, NeverTakesWorkersFromJobsInProgress) {
    ScalePolicy policy(settings());
    const WorkerBounds set{0, 5};
    // Jobs of a tenth of a second need one worker, and yet five are at work.
    auto view = queue(0, 5);
    view.execution = Milliseconds(100);
    for (int second = 0; second < 1'000; second += 10)
        EXPECT_EQ(policy.decide(at(second), view, false, set).workers.max, 5);
    view.running = 4;
    EXPECT_EQ(policy.decide(at(1'000), view, false, set).workers.max, 5) << "the fifth may run";
    view.at_work_max = 4;
    EXPECT_EQ(policy.decide(at(1'000), view, false, set).workers.max, 4);
}

TEST(ScalePolicy, KeepsAWorkerWarmWhileABatchIsAtWork) {
    ScalePolicy policy(settings());
    WorkerBounds set{0, 3};
    auto decision = policy.decide(at(0), queue(2, 1), true, set);
    EXPECT_EQ(name_of(decision.reason), "warm");
    EXPECT_EQ(decision.workers.min, 1);
    set = decision.workers;
    // It ends; the worker stays for five idle minutes.
    for (int second = 10; second < 310; second += 10)
        EXPECT_EQ(policy.decide(at(second), queue(0, 0), false, set).workers.min, 1);
    decision = policy.decide(at(310), queue(0, 0), false, set);
    EXPECT_EQ(decision.workers.min, 0);
    // Many jobs are a batch, whoever says so.
    auto with_batches = settings();
    with_batches.warm_from_jobs = 5;
    ScalePolicy other(with_batches);
    EXPECT_EQ(other.decide(at(0), queue(4, 0), false, {0, 3}).workers.min, 0);
    EXPECT_EQ(other.decide(at(0), queue(4, 1), false, {0, 3}).workers.min, 1);
}

TEST(ScalePolicy, KeepsToTheLeastThatIsSet) {
    ScalePolicy policy(settings(2, 6));
    const auto decision = policy.decide(at(0), queue(0, 0), false, {0, 0});
    EXPECT_EQ(decision.workers, (WorkerBounds{2, 2}));
    EXPECT_EQ(name_of(decision.reason), "bounds");
    for (int second = 0; second < 2'000; second += 10)
        EXPECT_EQ(policy.decide(at(second), queue(0, 0), false, {2, 2}).workers, (WorkerBounds{2, 2}));
}

TEST(ScalePolicy, SendsNoMoreWorkersThanJobsMayBeInFlight) {
    auto limited = settings();
    limited.jobs_inflight_max = 2;
    ScalePolicy policy(limited);
    EXPECT_EQ(policy.decide(at(0), queue(1'000, 0), false, {0, 1}).workers.max, 2);
}

TEST(ScalePolicy, FindsWhatAnAccountAllowsByHalves) {
    ScalePolicy policy(settings(0, 64));
    WorkerBounds set{0, 32};
    const int allowed = 37;
    int asked = 0;
    int second = 0;
    for (; second < 300; second += 10) {
        const auto decision = policy.decide(at(second), queue(10'000, set.max), false, set);
        if (decision.workers == set) continue;
        ++asked;
        if (decision.workers.max > allowed) {
            policy.refused(at(second), set, decision.workers);
        } else {
            policy.applied(at(second), set, decision.workers);
            set = decision.workers;
        }
    }
    EXPECT_EQ(set.max, 36) << "64, 48 and 40 are refused, 36 is taken and kept to";
    EXPECT_EQ(asked, 4);
    EXPECT_GT(policy.decide(at(second + 3'600), queue(10'000, 36), false, set).workers.max, 36)
        << "after an hour the account may have grown";
}

TEST(ScalePolicy, DoesNotFightOverAnEndpointThatIsTakenDown) {
    ScalePolicy policy(settings());
    int repairs = 0;
    for (int second = 0; second < 600; ++second) {
        const WorkerBounds zero{0, 0};
        const auto decision = policy.decide(at(second), queue(5, 0), false, zero);
        if (decision.workers == zero) continue;
        policy.applied(at(second), zero, decision.workers);
        ++repairs;
    }
    EXPECT_EQ(repairs, 10);
}

// Method: random walks of everything that comes in, also of what somebody else sets there. Whatever comes:
// the bounds hold, work keeps its workers, steps down are one at a time and five minutes apart.
TEST(ScalePolicy, StaysCalmAndWithinBoundsOnRandomWalks) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const auto number = [&](int below) {
            return static_cast<int>(random() % static_cast<unsigned>(below));
        };
        auto rules = settings(number(3), 3 + number(20));
        rules.warm_from_jobs = 1 + number(30);
        ScalePolicy policy(rules);
        WorkerBounds set{0, number(rules.workers_max + 1)};
        std::int64_t waiting = 0;
        int last_down = -1'000'000;
        int downs = 0;
        int window_begun = -1'000'000;
        int window_base = 0;
        for (int second = 0; second < 7'200; second += 10) {
            waiting = std::max<std::int64_t>(0, waiting + number(41) - 20);
            const auto running = std::min<std::int64_t>(set.max, number(30));
            const auto view = queue(waiting, running, number(200), 1 + number(40));
            const auto decision = policy.decide(at(second), view, number(10) == 0, set);
            const auto& after = decision.workers;
            ASSERT_LE(after.max, rules.workers_max);
            ASSERT_LE(after.min, after.max);
            ASSERT_GE(after.min, std::min(rules.workers_min, set.min));
            ASSERT_GE(after.max, std::min<std::int64_t>(running, set.max));
            if (waiting > 0 && set.max > 0) {
                ASSERT_GE(after.max, 1);
            }
            ASSERT_EQ(decision.reason == ScaleReason::none, after == set);
            if (after.max < set.max) {
                ASSERT_EQ(after.max, set.max - 1);
                ASSERT_GE(second - last_down, 300);
                last_down = second;
                ++downs;
            }
            if (after.max > set.max) {
                if (second - window_begun >= 30) {
                    window_begun = second;
                    window_base = set.max;
                }
                ASSERT_LE(after.max, std::max({2 * window_base, 2, rules.workers_min}));
            }
            policy.applied(at(second), set, after);
            set = after;
        }
        ASSERT_LE(downs, 24);
    }
}

TEST(ScalePolicy, ChangesLittleWhenTheNeedFlaps) {
    ScalePolicy policy(settings());
    WorkerBounds set{0, 1};
    int changes = 0;
    for (int second = 0; second < 86'400; second += 10) {
        const auto view = second / 10 % 2 == 0 ? queue(30, 0) : queue(0, 0);
        const auto decision = policy.decide(at(second), view, false, set);
        if (decision.workers == set) continue;
        policy.applied(at(second), set, decision.workers);
        set = decision.workers;
        ++changes;
    }
    EXPECT_EQ(set.max, 5);
    EXPECT_EQ(changes, 3) << "1, 2, 4, 5, and a day of peace";
}

TEST(ScalePolicy, NamesWhatIsWrongInItsSettings) {
    EXPECT_TRUE(problems(ScaleSettings{}).empty());
    auto wrong = settings(5, 4);
    EXPECT_EQ(problems(wrong).size(), 1u);
    wrong = settings(0, 0);
    wrong.drain_within = Milliseconds(0);
    wrong.warm_from_jobs = 0;
    wrong.jobs_inflight_max = -1;
    EXPECT_EQ(problems(wrong).size(), 4u);
}

}  // namespace
}  // namespace darkroom::runpod::scale
