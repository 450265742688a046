// Issue 6's own figures of fairness, on both stores, on Postgres between two nodes: who comes behind 60,000
// jobs of another user.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "store/postgres/postgres_job_store.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/conformance/job_samples.h"
#include "tests/support/postgres_server.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::conformance {
namespace {

constexpr std::size_t backlog = 60'000;
constexpr int slots = 4;
constexpr int active_users = 2;

class FairnessAtSize : public ::testing::Test {
protected:
    void queue_up(ports::JobStore& store, const UserId& owner, std::size_t count) {
        std::vector<ports::NewJob> requests;
        requests.reserve(count);
        for (std::size_t i = 0; i < count; ++i) requests.push_back(samples_.job(owner));
        constexpr std::size_t callers = 128;
        std::vector<std::jthread> threads;
        threads.reserve(callers);
        for (std::size_t caller = 0; caller < callers; ++caller) {
            threads.emplace_back([&, caller] {
                for (auto i = caller; i < requests.size(); i += callers)
                    EXPECT_TRUE(store.create_job(requests[i]).ok());
            });
        }
    }

    /// The nodes claim in turn, one job at a time, and end what was claimed first when all slots are taken.
    UserId next_owner(const std::vector<ports::JobStore*>& nodes) {
        auto* const node = nodes[static_cast<std::size_t>(claims_++) % nodes.size()];
        if (std::ssize(at_work_) == slots) {
            const auto& [holder, attempt] = at_work_[0];
            EXPECT_EQ(*holder->finish_attempt(attempt, ports::AttemptSucceeded{}, "test", at(2'000)),
                      ports::Applied::applied);
            at_work_.erase(at_work_.begin());
        }
        const auto claimed = node->claim(claim_request(slots, 1));
        EXPECT_TRUE(claimed.ok() && claimed->size() == 1);
        at_work_.emplace_back(node, claimed->at(0).job.attempts.back().id);
        return claimed->at(0).job.user;
    }

    void expect_bob_among_the_next_few(const std::vector<ports::JobStore*>& nodes) {
        auto& store = *nodes.back();
        const auto began = std::chrono::steady_clock::now();
        queue_up(*nodes.front(), ann, backlog);
        const std::chrono::duration<double> queued_in = std::chrono::steady_clock::now() - began;
        ASSERT_EQ(store.count_queue()->ready, backlog);
        for (int i = 0; i < slots; ++i) ASSERT_EQ(next_owner(nodes), ann);
        ASSERT_TRUE(store.create_job(samples_.job(bob)).ok());
        int before_bob = 0;
        while (next_owner(nodes) == ann) ASSERT_LT(++before_bob, active_users + slots);
        EXPECT_EQ(store.count_queue()->ready, backlog - slots - static_cast<std::size_t>(before_bob));
        EXPECT_EQ(*store.recount_flow(), 0);
        std::printf("%zu jobs queued in %.1f s; bob waited for %d of ann's\n", backlog, queued_in.count(),
                    before_bob);
    }

    darkroom::testing::SeededRandom random_{23};
    Samples samples_{random_};

private:
    std::vector<std::pair<ports::JobStore*, AttemptId>> at_work_;
    int claims_ = 0;
};

TEST_F(FairnessAtSize, I_20_OnSqliteWhoComesAfterSixtyThousandJobsOfAnotherIsAmongTheNextFew) {
    const darkroom::testing::TempDir folder;
    const auto store = store::SqliteJobStore::open((folder.path() / "darkroom.db").string(), random_, {});
    ASSERT_TRUE(store.ok()) << store.error().detail;
    expect_bob_among_the_next_few({store->get()});
}

TEST_F(FairnessAtSize, I_20_OnPostgresWhoComesAfterSixtyThousandJobsOfAnotherIsAmongTheNextFew) {
    if (const auto why = darkroom::testing::why_no_postgres(); !why.empty()) GTEST_SKIP() << why;
    const auto database = darkroom::testing::PostgresServer::shared().new_database();
    std::vector<std::unique_ptr<store::PostgresJobStore>> nodes;
    for (const std::string name : {"one", "two"}) {
        store::PostgresJobStore::Options options;
        options.node.name = name;
        auto opened = store::PostgresJobStore::open(database->url(), random_, options);
        ASSERT_TRUE(opened.ok()) << opened.error().detail;
        nodes.push_back(*std::move(opened));
    }
    expect_bob_among_the_next_few({nodes[0].get(), nodes[1].get()});
}

}  // namespace
}  // namespace darkroom::conformance
