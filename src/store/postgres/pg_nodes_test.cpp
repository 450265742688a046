// Several stores on one database, as several nodes have them.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "store/postgres/pg_store_fixture.h"

namespace darkroom::store {
namespace {

using ports::Applied;

class Nodes : public PgStoreTest {
protected:
    std::vector<std::unique_ptr<PostgresJobStore>> open_many(int count) {
        std::vector<std::unique_ptr<PostgresJobStore>> stores;
        stores.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) stores.push_back(open(named("node" + std::to_string(i))));
        return stores;
    }
};

struct Heard : ports::StoreListener {
    void jobs_ready() override { ++ready; }
    void remote_work_due() override { ++remote; }
    void attempts_to_stop() override { ++stops; }
    void look_again() override { ++looks; }
    void job_changed(const JobId& job) override {
        const std::lock_guard lock(mutex);
        jobs.insert(job);
    }
    bool has(const JobId& job) {
        const std::lock_guard lock(mutex);
        return jobs.count(job) == 1;
    }
    std::mutex mutex;
    std::set<JobId> jobs;
    std::atomic<int> ready{0}, remote{0}, stops{0}, looks{0};
};

// Method: four nodes claim for one endpoint as fast as they can and end what they have in random order;
// another session counts all the time.
TEST_F(Nodes, I_12_TheLimitOfAnEndpointIsNeverExceeded) {
    const auto stores = open_many(4);
    for (int i = 0; i < 600; ++i)
        ASSERT_TRUE(stores[i % 4]->create_job(job("user" + std::to_string(i % 20))).ok());
    std::atomic<int> ended{0};
    std::vector<std::thread> dispatchers;
    dispatchers.reserve(stores.size());
    for (const auto& store : stores) {
        dispatchers.emplace_back([&, node = store.get()] {
            std::vector<AttemptId> mine;
            const auto deadline = steady_now() + Milliseconds(60'000);
            while (ended < 600 && steady_now() < deadline) {
                const auto claimed = node->claim(request(7));
                if (claimed.ok()) {
                    for (const auto& one : *claimed) mine.push_back(one.job.attempts.back().id);
                }
                if (mine.empty()) continue;
                const auto attempt = mine.back();
                mine.pop_back();
                const auto done = node->finish_attempt(attempt, ports::AttemptSucceeded{}, "test", now_);
                if (done.ok() && *done == Applied::applied) ++ended;
            }
        });
    }
    auto counter = session();
    int samples = 0;
    int most = 0;
    while (ended < 600 && samples < 100'000) {
        most =
            std::max(most, std::stoi(counter.value("SELECT count(*) FROM inflight WHERE endpoint = 'gpu'")));
        ++samples;
    }
    for (auto& dispatcher : dispatchers) dispatcher.join();
    EXPECT_EQ(ended, 600);
    EXPECT_LE(most, 7);
    EXPECT_GT(most, 1);
    EXPECT_EQ(value("SELECT count(*) FROM attempts"), "600") << "no job was taken twice";
    RecordProperty("samples", samples);
}

TEST_F(Nodes, OfOneRequestThatComesToTwoNodesOneJobIsMade) {
    const auto stores = open_many(2);
    for (int round = 0; round < 30; ++round) {
        ports::IdempotencyKey key{"key-" + std::to_string(round), {}, now_ + Milliseconds(86'400'000)};
        std::vector<ports::NewJob> requests{job(), job()};
        for (auto& one : requests) one.idempotency = key;
        std::atomic<int> created{0};
        std::vector<std::thread> callers;
        callers.reserve(2);
        for (int i = 0; i < 2; ++i) {
            callers.emplace_back([&, i] {
                const auto outcome =
                    stores[static_cast<std::size_t>(i)]->create_job(requests[static_cast<std::size_t>(i)]);
                ASSERT_TRUE(outcome.ok()) << outcome.error().detail;
                if (std::holds_alternative<ports::JobCreated>(*outcome)) ++created;
            });
        }
        for (auto& caller : callers) caller.join();
        EXPECT_EQ(created, 1);
    }
    EXPECT_EQ(value("SELECT count(*) FROM jobs"), "30");
}

// A node that has just come is told of from the next moment on, so it is asked for more than once.
TEST_F(Nodes, WhatOneDoesTheOthersHear) {
    const auto stores = open_many(2);
    Heard heard;
    stores[1]->set_listener(&heard);
    std::optional<JobId> made;
    EXPECT_TRUE(becomes_true([&] {
        const auto one = job();
        EXPECT_TRUE(stores[0]->create_job(one).ok());
        made = one.job.id;
        return becomes_true([&] { return heard.has(one.job.id); }, Milliseconds(1'000));
    }));
    EXPECT_GT(heard.ready, 0);
    EXPECT_FALSE(stores[1]->claim(request(100))->empty());
    const auto stops = heard.stops.load();
    ASSERT_TRUE(stores[0]->cancel_job(ports::Access::everyone(), *made, "test", now_).ok());
    EXPECT_TRUE(becomes_true([&] { return heard.stops > stops; }));
    stores[1]->set_listener(nullptr);
}

TEST_F(Nodes, AfterAGapEverythingIsLookedAtAgain) {
    const auto stores = open_many(2);
    Heard heard;
    stores[1]->set_listener(&heard);
    EXPECT_TRUE(becomes_true([&] { return heard.ready > 0; })) << "by itself, every few seconds";
    server_->restart();
    EXPECT_TRUE(becomes_true([&] { return heard.looks > 0; }));
    const auto request_made = job();
    EXPECT_TRUE(becomes_true([&] { return stores[0]->create_job(request_made).ok(); }));
    EXPECT_TRUE(becomes_true([&] { return heard.has(request_made.job.id); }));
    stores[1]->set_listener(nullptr);
}

TEST_F(Nodes, ANodeThatWasGivenUpChangesNothingAndJoinsAnew) {
    auto short_lease = named("one");
    short_lease.lease = Milliseconds(3'000);
    const auto one = open(short_lease);
    const auto other = open(named("other"));
    const auto id = one->this_node();
    const auto made = job();
    ASSERT_TRUE(one->create_job(made).ok());
    const auto attempt = claim_one(*one);
    EXPECT_TRUE(one->holds_lease());
    // As another node does that finds the lease over.
    session().run("UPDATE nodes SET gone = 1 WHERE name = 'one'");
    const auto claim = one->claim(request(10));
    EXPECT_TRUE(!claim.ok() || claim->empty());
    const auto taken = other->take_over(10);
    ASSERT_TRUE(taken.ok());
    ASSERT_EQ(taken->size(), 1u);
    EXPECT_EQ(taken->at(0).attempt, attempt);
    EXPECT_EQ(*one->finish_attempt(attempt, ports::AttemptSucceeded{}, "late", now_), Applied::stale);
    EXPECT_TRUE(becomes_true([&] { return one->this_node() != id && one->holds_lease(); }));
    EXPECT_EQ(*one->finish_attempt(attempt, ports::AttemptSucceeded{}, "later", now_), Applied::stale);
    EXPECT_EQ(*other->finish_attempt(attempt, ports::AttemptSucceeded{}, "now", now_), Applied::applied);
}

TEST_F(Nodes, ALeaseEndsByItselfWhenTheDatabaseIsAway) {
    auto short_lease = named("one");
    short_lease.lease = Milliseconds(1'500);
    const auto one = open(short_lease);
    EXPECT_TRUE(becomes_true([&] { return one->holds_lease() && one->leads(); }));
    server_->pause();
    EXPECT_TRUE(becomes_true([&] { return !one->holds_lease() && !one->leads(); }, Milliseconds(5'000)));
    server_->resume();
    EXPECT_TRUE(becomes_true([&] { return one->holds_lease() && one->leads(); }));
}

TEST_F(Nodes, OneLeadsAndAnotherOneAfterIt) {
    auto first = named("first");
    first.lease = Milliseconds(3'000);
    auto second = first;
    second.node.name = "second";
    auto api = first;
    api.node.name = "api";
    api.node.role = "api";
    auto one = open(first);
    EXPECT_TRUE(becomes_true([&] { return one->leads(); }));
    const auto two = open(second);
    const auto three = open(api);
    for (int i = 0; i < 50; ++i) {
        EXPECT_LE(static_cast<int>(one->leads()) + static_cast<int>(two->leads()) +
                      static_cast<int>(three->leads()),
                  1);
        pause_for(Milliseconds(10));
    }
    EXPECT_TRUE(one->leads());
    one.reset();
    EXPECT_TRUE(becomes_true([&] { return two->leads(); }));
    EXPECT_FALSE(three->leads()) << "it does none of the work";
    const auto nodes = two->list_nodes();
    ASSERT_TRUE(nodes.ok());
    ASSERT_EQ(nodes->size(), 3u);
    EXPECT_EQ(nodes->at(1).name, "first");
    EXPECT_FALSE(nodes->at(1).is_alive);
    EXPECT_TRUE(nodes->at(2).leads && nodes->at(2).is_this);
}

TEST_F(Nodes, TwoOfOneNameAreNoTwoNodes) {
    auto options = named("same");
    options.instance = "folder-a";
    const auto one = open(options);
    auto stranger = options;
    stranger.instance = "folder-b";
    const auto refused = PostgresJobStore::open(url(), random_, stranger);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().detail.find("another node named 'same'"), std::string::npos);
    // A process that died was of this very installation: the new one need not wait for the end of its lease.
    ASSERT_TRUE(one->create_job(job()).ok());
    const auto attempt = claim_one(*one);
    const auto again = open(options);
    const auto taken = again->take_over(10);
    ASSERT_TRUE(taken.ok());
    ASSERT_EQ(taken->size(), 1u);
    EXPECT_EQ(taken->at(0).attempt, attempt);
}

TEST(Bell, WhatIsToldIsUnderstood) {
    darkroom::testing::SeededRandom random(3);
    Ring ring;
    ring.ready = ring.stops = true;
    for (int i = 0; i < 500; ++i) ring.changed.push_back(random.id<JobId>());
    Ring heard;
    for (const auto& message : to_messages(ring)) {
        EXPECT_LT(message.size(), 8'000u);
        const auto part = parse_ring(message);
        heard.ready = heard.ready || part.ready;
        heard.remote_due = heard.remote_due || part.remote_due;
        heard.stops = heard.stops || part.stops;
        heard.changed.insert(heard.changed.end(), part.changed.begin(), part.changed.end());
    }
    EXPECT_EQ(heard.changed, ring.changed);
    EXPECT_TRUE(heard.ready && heard.stops && !heard.remote_due);
    EXPECT_TRUE(to_messages({}).empty());
    for (const auto* const nonsense : {"", "x", ":x", "rds", ":zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"})
        EXPECT_TRUE(parse_ring(nonsense).changed.empty());
}

}  // namespace
}  // namespace darkroom::store
