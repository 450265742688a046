// kill -9 at random moments: every job whose creation was acknowledged exists afterwards, a chain stands as
// its steps do, and the store opens without a word.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "base/check.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

using ports::Access;

struct Child {
    pid_t pid = -1;
    UniqueFd output;
};

// The child's work: four callers create jobs for ever and write each id, 36 bytes at once, after its commit.
[[noreturn]] void create_until_killed(TestFolder& folder, std::uint64_t seed, int output) {
    darkroom::testing::SeededRandom random(seed);
    auto opened = SqliteJobStore::open(folder.path(), random);
    DR_CHECK(opened.ok());
    std::vector<std::thread> callers;
    callers.reserve(4);
    for (int i = 0; i < 4; ++i) {
        callers.emplace_back([&] {
            auto request = folder.job();
            for (;;) {
                request.job.id = random.id<JobId>();
                if (!(*opened)->create_job(request).ok()) ::_exit(3);
                const auto id = request.job.id.str();
                if (::write(output, id.data(), id.size()) != static_cast<ssize_t>(id.size())) ::_exit(4);
            }
        });
    }
    for (auto& caller : callers) caller.join();
    ::_exit(5);
}

ports::NewJob chain_of_three(TestFolder& folder, darkroom::testing::SeededRandom& random) {
    auto request = folder.job();
    request.job.id = random.id<JobId>();
    for (const auto& [name, from] :
         {std::pair("cut", ""), std::pair("grow", "cut"), std::pair("shop", "grow")}) {
        auto step = folder.job().job;
        step.id = random.id<JobId>();
        step.place = core::ChainPlace{request.job.id, name, from, "main"};
        request.steps.push_back(std::move(step));
    }
    return request;
}

// One caller makes chains and writes their ids; another one does their steps, every seventh of them badly.
[[noreturn]] void work_on_chains_until_killed(TestFolder& folder, std::uint64_t seed, int output) {
    darkroom::testing::SeededRandom random(seed);
    auto opened = SqliteJobStore::open(folder.path(), random);
    DR_CHECK(opened.ok());
    auto& store = **opened;
    std::thread worker([&] {
        for (std::uint64_t n = seed;; ++n) {
            const auto claimed = store.claim({.backend = "local",
                                              .endpoint = "x",
                                              .inflight_max = 100,
                                              .jobs_max = 1,
                                              .now = {},
                                              .remote = {}});
            if (!claimed.ok()) ::_exit(3);
            for (const auto& one : *claimed) {
                const auto& attempt = one.job.attempts.back().id;
                ports::AttemptSucceeded done;
                const auto key = core::ObjectKey::restored(one.job.id, attempt, "main", "png");
                done.outputs = {{"main", key, "image/png", 1, 2, 3, "ab"}};
                ports::AttemptEnd end = done;
                if (n % 7 == 0)
                    end = ports::AttemptFailed{{core::ErrorCode::no_subject, "none"}, {}, "local"};
                if (!store.finish_attempt(attempt, end, "x", {}).ok()) ::_exit(3);
            }
        }
    });
    for (;;) {
        const auto request = chain_of_three(folder, random);
        if (!store.create_job(request).ok()) ::_exit(3);
        const auto id = request.job.id.str();
        if (::write(output, id.data(), id.size()) != static_cast<ssize_t>(id.size())) ::_exit(4);
    }
}

using ChildsWork = void (*)(TestFolder&, std::uint64_t, int);

Child start_child(TestFolder& folder, std::uint64_t seed, ChildsWork work = create_until_killed) {
    std::array<int, 2> pipe_ends{};
    DR_CHECK(::pipe(pipe_ends.data()) == 0);
    Child child;
    child.output.reset(pipe_ends[0]);
    const UniqueFd input(pipe_ends[1]);
    child.pid = ::fork();
    DR_CHECK(child.pid >= 0);
    if (child.pid == 0) work(folder, seed, input.get());
    return child;
}

/// Reads ids until `count` have come, kills the child, reads the rest.
std::string ids_until_killed(const Child& child, std::size_t count) {
    std::string ids;
    std::array<char, 4'096> buffer{};
    bool killed = false;
    for (;;) {
        if (!killed && ids.size() >= count * 36) {
            killed = true;
            ::kill(child.pid, SIGKILL);
        }
        const auto size = ::read(child.output.get(), buffer.data(), buffer.size());
        if (size <= 0) break;
        ids.append(buffer.data(), static_cast<std::size_t>(size));
    }
    int status = 0;
    DR_CHECK(::waitpid(child.pid, &status, 0) == child.pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child ended by itself: " << status;
    return ids;
}

TEST(SqliteCrash, EveryAcknowledgedJobSurvivesKillNine) {
    TestFolder folder;
    std::mt19937 dice(20260704);
    std::size_t acknowledged = 0;
    for (std::uint64_t round = 1; round <= 20; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const auto child = start_child(folder, round);
        const auto ids = ids_until_killed(child, 1 + dice() % 60);
        const auto opened = folder.open();
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        for (std::size_t at = 0; at + 36 <= ids.size(); at += 36) {
            const auto id = JobId::parse(ids.substr(at, 36));
            ASSERT_TRUE(id.has_value());
            ASSERT_TRUE((*opened)->find_job(Access::everyone(), *id)->has_value()) << id->str();
        }
        acknowledged += ids.size() / 36;
        ASSERT_GE(static_cast<std::size_t>(count_jobs(**opened)), acknowledged);
    }
    EXPECT_GT(acknowledged, 100u);
}

bool stands_as_its_steps(const core::Job& chain) {
    bool failed = false;
    bool ended = true;
    for (const auto& step : chain.steps) {
        failed = failed || step.status == core::Status::failed;
        ended = ended && core::is_terminal(step.status);
    }
    if (core::is_terminal(chain.status) != ended) return false;
    return !ended || (chain.status == core::Status::failed) == failed;
}

TEST(SqliteCrash, AChainIsWholeAndStandsAsItsStepsDoAfterKillNine) {
    TestFolder folder;
    std::mt19937 dice(20261122);
    std::vector<JobId> chains;  // that were acknowledged, of all rounds
    std::set<core::Status> stands;
    for (std::uint64_t round = 100; round <= 1'100; round += 100) {
        SCOPED_TRACE("round " + std::to_string(round));
        const auto child = start_child(folder, round, work_on_chains_until_killed);
        const auto ids = ids_until_killed(child, 5 + dice() % 40);
        const auto opened = folder.open();
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        for (std::size_t at = 0; at + 36 <= ids.size(); at += 36)
            chains.push_back(*JobId::parse(ids.substr(at, 36)));
        for (const auto& id : chains) {
            const auto chain = *(*opened)->find_job(Access::everyone(), id);
            ASSERT_TRUE(chain.has_value());
            ASSERT_EQ(chain->steps.size(), 3u);
            ASSERT_TRUE(stands_as_its_steps(*chain));
            stands.insert(chain->status);
            for (std::size_t i = 1; i < 3; ++i) {
                const auto step = **(*opened)->find_job(Access::everyone(), chain->steps[i].job);
                ASSERT_EQ(!step.inputs.empty(), chain->steps[i - 1].status == core::Status::succeeded);
            }
        }
        const auto left_over = *(*opened)->take_over(1'000);
        for (const auto& row : left_over) {
            const ports::AttemptFailed interrupted{{core::ErrorCode::interrupted, "restart"}, {}, "local"};
            ASSERT_EQ(*(*opened)->finish_attempt(row.attempt, interrupted, "x", {}), ports::Applied::applied);
        }
    }
    EXPECT_TRUE(stands.contains(core::Status::succeeded) && stands.contains(core::Status::failed))
        << "the kills came before anything had been done";
}

}  // namespace
}  // namespace darkroom::store
