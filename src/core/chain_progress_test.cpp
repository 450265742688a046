#include "core/chain_progress.h"

#include <gtest/gtest.h>

#include <random>

namespace darkroom::core {
namespace {

using Places = std::vector<std::size_t>;

// cut → grow → shop, each from the one before; a letter for each status: q(ueued), w(aits), d, r, s, f, c.
std::vector<StepState> line_of(std::string_view letters) {
    constexpr std::string_view names[] = {"cut", "grow", "shop"};
    std::vector<StepState> steps;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        StepState step{std::string(names[i]), i == 0 ? "" : std::string(names[i - 1]), Status::queued, false};
        if (letters[i] == 'w') step.waits = true;
        if (letters[i] == 'd') step.status = Status::dispatched;
        if (letters[i] == 'r') step.status = Status::running;
        if (letters[i] == 's') step.status = Status::succeeded;
        if (letters[i] == 'f') step.status = Status::failed;
        if (letters[i] == 'c') step.status = Status::cancelled;
        steps.push_back(std::move(step));
    }
    return steps;
}

struct Row {
    Status chain;
    std::string_view steps;
    Status then;
    Places begin = {};
    Places give_up = {};
    Places revive = {};
};

TEST(ChainProgress, EachStandOfItsStepsMakesTheChainWhatTheTableSays) {
    using enum Status;
    const Row table[] = {
        {queued, "www", queued, {0}},
        {queued, "qww", queued},
        {queued, "dww", queued},
        {running, "rww", running},
        {running, "qww", running},  // it waits for its next attempt
        {running, "sww", running, {1}},
        {running, "sqw", running},
        {running, "ssw", running, {2}},
        {running, "sss", succeeded},
        {queued, "sss", succeeded},
        {running, "fww", failed, {}, {1, 2}},
        {running, "fcc", failed},
        {running, "sfw", failed, {}, {2}},
        {queued, "sqw", queued},  // tried again: nothing of the new round has begun
        {failed, "sfc", failed},
        {failed, "ssc", running, {}, {}, {2}},  // what had failed has a result after all
        {failed, "ssw", running, {2}},
        {failed, "sss", succeeded},
        {cancelled, "scc", cancelled},
        {cancelled, "ssw", cancelled},
        {succeeded, "sss", succeeded},
    };
    for (const auto& row : table) {
        SCOPED_TRACE(std::string(to_string(row.chain)) + " " + std::string(row.steps));
        const auto progress = progress_of(row.chain, line_of(row.steps));
        EXPECT_EQ(progress.chain, row.then);
        EXPECT_EQ(progress.begin, row.begin);
        EXPECT_EQ(progress.give_up, row.give_up);
        EXPECT_EQ(progress.revive, row.revive);
    }
}

TEST(ChainProgress, AStepAtWorkMayFinishBeforeItsChainFails) {
    auto steps = line_of("srf");
    steps[2].from = "cut";
    EXPECT_EQ(progress_of(Status::running, steps).chain, Status::running);
    steps[1].status = Status::queued;  // it failed and would be tried again: that is not worth it any more
    EXPECT_EQ(progress_of(Status::running, steps).give_up, Places{1});
}

TEST(ChainProgress, AStepWhoseSourceIsNotBeforeItIsNeverWaitedFor) {
    auto steps = line_of("sww");
    steps[1].from = "shop";
    steps[2].from = "nobody";
    EXPECT_EQ(progress_of(Status::running, steps).begin, (Places{1, 2}));
    steps[1].from = "grow";
    EXPECT_EQ(progress_of(Status::running, steps).begin, (Places{1, 2}));
}

// Random chains in random states: whatever was done, a chain that has come to rest has ended exactly if its
// steps have, and what is begun has a source that is done.
TEST(ChainProgress, ComesToRestAndHasThenEndedExactlyIfItsStepsHave) {
    for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::vector<StepState> steps(1 + random() % 5);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            steps[i].name = "s" + std::to_string(i);
            if (i > 0 && random() % 3 != 0) steps[i].from = "s" + std::to_string(random() % i);
            steps[i].status = static_cast<Status>(random() % status_count);
            steps[i].waits = steps[i].status == Status::queued && random() % 2 == 0;
        }
        auto chain = random() % 2 == 0 ? Status::running : Status::queued;
        int rounds = 0;
        for (auto progress = progress_of(chain, steps);; progress = progress_of(chain, steps)) {
            ASSERT_LT(++rounds, 10);
            for (const auto i : progress.begin) steps[i].waits = false;
            for (const auto i : progress.give_up) steps[i].status = Status::cancelled;
            for (const auto i : progress.revive) steps[i].status = Status::queued;
            chain = progress.chain;
            if (progress.steady()) break;
        }
        bool all_ended = true;
        for (const auto& step : steps) all_ended = all_ended && is_terminal(step.status);
        ASSERT_EQ(is_terminal(chain), all_ended);
    }
}

TEST(ChainProgress, OnlyWhatABackendTellsBeginsAChain) {
    int begins = 0;
    for (int e = 0; e < job_event_kind_count; ++e)
        begins += begins_chain(static_cast<JobEventKind>(e)) ? 1 : 0;
    EXPECT_EQ(begins, 5);
    EXPECT_TRUE(begins_chain(JobEventKind::start));
    EXPECT_FALSE(begins_chain(JobEventKind::claim));
}

}  // namespace
}  // namespace darkroom::core
