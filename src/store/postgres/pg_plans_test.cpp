// How the server does what the queue asks, with long tables, and whatever the statistics say: each statement
// that queueing runs is explained under the plan that is made once for all values.
#include <algorithm>

#include "store/postgres/pg_store_fixture.h"
#include "store/postgres/pg_write_side.h"
#include "store/sql/job_creation.h"
#include "store/sql/owner_wishes.h"
#include "store/sql/queue_rows.h"
#include "store/sql/transitions.h"

namespace darkroom::store {
namespace {

class Plans : public PgStoreTest {
protected:
    // As if that many had come, most of them ended and many waiting.
    void fill(int jobs) {
        const auto count = std::to_string(jobs);
        auto filler = session();
        filler.run(
            "INSERT INTO jobs (seq, id, user_id, type, status, backend, priority, created_at, updated_at, "
            "finished_at, "
            "recipe, params, params_effective, inputs, metadata) SELECT -i, gen_random_uuid(), 'user' || i % "
            "1000, "
            "'bg_remove', CASE WHEN i % 2 = 0 THEN 'SUCCEEDED' ELSE 'QUEUED' END, 'local', 0, i, i, CASE "
            "WHEN i % 2 = 0 "
            "THEN i END, 'r', '{}', '{}', '[]', '{}' FROM generate_series(1, " +
            count + ") AS i");
        filler.run(
            "INSERT INTO attempts (job_seq, number, id, backend, endpoint, status, params, recipe, "
            "created_at) SELECT "
            "seq, 1, gen_random_uuid(), 'local', 'old', 'SUCCEEDED', '{}', 'r', 1 FROM jobs WHERE status = "
            "'SUCCEEDED'");
        filler.run(
            "INSERT INTO ended_jobs SELECT finished_at, seq, user_id, status FROM jobs WHERE finished_at > "
            "0");
        filler.run(
            "INSERT INTO job_events SELECT seq, 1, 'created', 'QUEUED', 'key', NULL, '{}', 1 FROM jobs");
        filler.run(
            "INSERT INTO ready SELECT 'local', 1000000 + i, -2 * i - 1, 'user' || i % 1000, 0 FROM "
            "generate_series(1, " +
            count + " / 4) AS i");
        filler.run(
            "INSERT INTO backlog SELECT 'local', 'user' || i % 1000, 0, -2 * i - 1 FROM generate_series(" +
            count + " / 4 + 1, " + count + " / 2 - 1) AS i");
        filler.run(
            "INSERT INTO flow (backend, user_id, admitted, waiting) SELECT 'local', 'user' || i, 1, 1 FROM "
            "generate_series(0, 999) AS i");
        filler.run("ANALYZE");
    }

    /// A little of everything, in one transaction.
    void work_a_little(Transaction& transaction) {
        std::vector<ports::NewJob> requests;
        for (int i = 0; i < 60; ++i) {
            requests.push_back(job("user" + std::to_string(i % 20)));
            (void)create_job(transaction, requests.back());
        }
        auto fifty = request(1'000);
        fifty.jobs_max = 50;
        const auto claimed = claim_jobs(transaction, random_, fifty);
        EXPECT_EQ(claimed.size(), 50u);
        for (std::size_t i = 0; i + 1 < claimed.size(); ++i) {
            const auto attempt = claimed[i].job.attempts.back().id;
            EXPECT_EQ(start_attempt(transaction, attempt, now_), ports::Applied::applied);
            ports::AttemptEnd end = ports::AttemptSucceeded{};
            if (i % 3 == 0)
                end =
                    ports::AttemptFailed{{core::ErrorCode::internal, "no"}, now_ + Milliseconds(5), "local"};
            EXPECT_EQ(finish_attempt(transaction, attempt, end, "test", now_), ports::Applied::applied);
        }
        (void)cancel_job(transaction, ports::Access::everyone(), requests[0].job.id, "test", now_);
        (void)promote_due(transaction, now_ + Milliseconds(10), 100);
        (void)claim_jobs(transaction, random_, request(2'000));
    }

    struct Explained {
        std::string statement;
        std::string plan;
    };
    static std::vector<Explained> explain_all(Database& db) {
        std::vector<Explained> explained;
        std::vector<std::string> questions;
        {
            auto rows = db.query(
                "SELECT statement, 'EXPLAIN EXECUTE ' || name || CASE WHEN cardinality(parameter_types) = 0 "
                "THEN '' ELSE '(' ||"
                " array_to_string(array_fill(CAST('NULL' AS text), ARRAY[cardinality(parameter_types)]), ', "
                "') || ')' END FROM"
                " pg_prepared_statements WHERE statement ~ '^(SELECT|INSERT|UPDATE|DELETE)'");
            while (rows.next()) {
                explained.push_back({rows.text(0), ""});
                questions.push_back(rows.text(1));
            }
        }
        for (std::size_t i = 0; i < questions.size(); ++i) {
            auto rows = db.query(questions[i]);
            while (rows.next()) explained[i].plan += rows.text(0) + "\n";
        }
        return explained;
    }

    /// Twice, so that what is asked ahead is known; by what writes as a store's writer does.
    std::vector<Explained> work_and_explain() {
        PgSettings settings;
        settings.url = url();
        settings.by_index_only = true;
        settings.statement_within = Milliseconds(120'000);
        const auto node = random_.id<NodeId>();
        GroupWriter writer(
            std::make_unique<PgWriteSide>(std::make_unique<PgDatabase>(settings, PgDatabase::Use::write),
                                          PgWriteSide::Options{&random_, [&] { return node; }}),
            {});
        for (int i = 0; i < 2; ++i) {
            const auto worked = writer.run([&](Transaction& transaction) {
                work_a_little(transaction);
                return true;
            });
            EXPECT_TRUE(worked.ok()) << worked.error().detail;
        }
        auto explained = writer.run([&](Transaction& transaction) { return explain_all(transaction.db); });
        EXPECT_TRUE(explained.ok()) << explained.error().detail;
        return *std::move(explained);
    }
};

// How much it reads does not depend on how long the tables are.
void expect_short_ways(const std::string& statement, const std::string& plan) {
    SCOPED_TRACE(statement + "\n" + plan);
    for (const auto* const join : {"Hash Join", "Merge Join", "Hash Cond"})
        EXPECT_EQ(plan.find(join), std::string::npos);
    for (const auto* const table : {"jobs", "attempts", "job_events", "ready", "backlog", "ended_jobs",
                                    "inflight", "flow", "tallies"}) {
        EXPECT_EQ(plan.find(std::string("Seq Scan on ") + table + " "), std::string::npos);
        // An index scan without a condition on the next line goes over all of the index.
        const auto name = std::string(" on ") + table;
        for (auto at = plan.find(" using "); at != std::string::npos; at = plan.find(" using ", at + 1)) {
            const auto end = plan.find('\n', at);
            const auto line = plan.substr(at, end - at);
            const auto on = line.find(name);
            const bool is_it = on != std::string::npos && (line[on + name.size()] == ' ');
            if (is_it) {
                EXPECT_EQ(plan.substr(plan.find_first_not_of(' ', end + 1), 11), "Index Cond:") << line;
            }
        }
    }
}

TEST_F(Plans, QueueingGoesByIndexHoweverLongTheTablesAre) {
    ASSERT_NE(open(named("one")), nullptr);
    fill(1'000'000);
    const auto explained = work_and_explain();
    EXPECT_GT(explained.size(), 25u);
    for (const auto& [statement, plan] : explained) expect_short_ways(statement, plan);
}

// As it is when the server cleans up while nothing waits; the plans that are made then last.
TEST_F(Plans, QueueingGoesByIndexWhenTheTablesWereEmpty) {
    ASSERT_NE(open(named("one")), nullptr);
    for (const auto* const table :
         {"jobs", "attempts", "job_events", "ready", "backlog", "ended_jobs", "inflight"})
        session().run(std::string("VACUUM ANALYZE ") + table);
    const auto explained = work_and_explain();
    EXPECT_GT(explained.size(), 25u);
    for (const auto& [statement, plan] : explained) expect_short_ways(statement, plan);
}

}  // namespace
}  // namespace darkroom::store
