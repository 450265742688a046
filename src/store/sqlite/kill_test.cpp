// kill -9 at random moments: every job whose creation was acknowledged exists afterwards, and the store opens
// without a word.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
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

Child start_child(TestFolder& folder, std::uint64_t seed) {
    std::array<int, 2> pipe_ends{};
    DR_CHECK(::pipe(pipe_ends.data()) == 0);
    Child child;
    child.output.reset(pipe_ends[0]);
    const UniqueFd input(pipe_ends[1]);
    child.pid = ::fork();
    DR_CHECK(child.pid >= 0);
    if (child.pid == 0) create_until_killed(folder, seed, input.get());
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

}  // namespace
}  // namespace darkroom::store
