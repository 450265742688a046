// Issue 6's own figures of fairness, on Postgres and between two nodes: who comes behind 60,000 jobs of
// another user. SQLite's are in store/sqlite/fair_queue_test.cpp.
#include <chrono>
#include <thread>

#include "store/postgres/pg_store_fixture.h"
#include "tests/conformance/row_checks.h"

namespace darkroom::conformance {
namespace {

using store::PostgresJobStore;

class FairnessAtSize : public store::PgStoreTest {
protected:
    void queue_up(PostgresJobStore& store, const std::string& owner, std::size_t count) {
        std::vector<ports::NewJob> requests;
        requests.reserve(count);
        for (std::size_t i = 0; i < count; ++i) requests.push_back(job(owner));
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
};

// Two nodes claim in turn, one job at a time, and end what they claimed first when all slots are taken.
TEST_F(FairnessAtSize, I_20_WhoComesAfterSixtyThousandJobsOfAnotherStartsAmongTheNextFew) {
    constexpr std::size_t backlog = 60'000;
    constexpr int slots = 4;
    constexpr int active_users = 2;
    const auto one = open(named("one"));
    const auto two = open(named("two"));
    const auto began = store::steady_now();
    queue_up(*one, "ann", backlog);
    const std::chrono::duration<double> queued_in = store::steady_now() - began;
    ASSERT_EQ(one->count_queue()->ready, backlog);
    std::vector<std::pair<PostgresJobStore*, AttemptId>> at_work;
    int claims = 0;
    const auto next_owner = [&] {
        auto* const node = ++claims % 2 == 0 ? one.get() : two.get();
        if (std::ssize(at_work) == slots) {
            EXPECT_EQ(
                *at_work[0].first->finish_attempt(at_work[0].second, ports::AttemptSucceeded{}, "test", now_),
                ports::Applied::applied);
            at_work.erase(at_work.begin());
        }
        auto asked = request(slots);
        asked.jobs_max = 1;
        const auto claimed = node->claim(asked);
        EXPECT_TRUE(claimed.ok() && claimed->size() == 1);
        at_work.emplace_back(node, claimed->at(0).job.attempts.back().id);
        return claimed->at(0).job.user.str();
    };
    for (int i = 0; i < slots; ++i) ASSERT_EQ(next_owner(), "ann");
    ASSERT_TRUE(two->create_job(job("bob")).ok());
    int before_bob = 0;
    while (next_owner() == "ann") ASSERT_LT(++before_bob, active_users + slots);
    EXPECT_EQ(one->count_queue()->ready, backlog - slots - static_cast<std::size_t>(before_bob));
    std::printf("%zu jobs queued in %.1f s; bob waited for %d of ann's\n", backlog, queued_in.count(),
                before_bob);
    auto looking = session();
    for (const auto& [problem, sql] : row_checks) {
        const auto found = looking.value(sql);
        EXPECT_TRUE(found == "0" || found == "f") << problem << ": " << found;
    }
}

}  // namespace
}  // namespace darkroom::conformance
