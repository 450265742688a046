// The Postgres store passes the suite of all job stores, on a server of its own with a new database for each
// test.
#include "base/check.h"
#include "store/postgres/pg_schema.h"
#include "store/postgres/postgres_job_store.h"
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/row_checks.h"
#include "tests/support/postgres_server.h"

namespace darkroom::conformance {
namespace {

using darkroom::testing::PostgresDatabase;
using darkroom::testing::PostgresServer;
using darkroom::testing::PostgresSession;

// Made once with all tables, and copied: that takes a fraction of making them again.
const std::string& database_with_tables() {
    static const auto made = [] {
        auto database = PostgresServer::shared().new_database();
        store::PgSettings settings;
        settings.url = database->url();
        DR_CHECK(store::migrate(settings).ok());
        return database;
    }();
    return made->name();
}

constexpr std::pair<const char*, const char*> storage_checks[] = {
    {"a tally of what uploads keep in the storage that is wrong",
     WRONG_TALLIES(
         "inputs",
         "SELECT user_id, -((image::json ->> 'bytes')::bigint) FROM uploads WHERE image IS NOT NULL")},
    {"a tally of what attempts keep in the storage that is wrong",
     WRONG_TALLIES(
         "outputs",
         "SELECT user_id, -((output ->> 'bytes')::bigint) FROM attempts JOIN jobs ON seq = job_seq CROSS JOIN"
         " LATERAL json_array_elements(outputs::json) AS output WHERE outputs_removed_at IS NULL")},
};

class PostgresUnderTest : public JobStoreUnderTest {
public:
    PostgresUnderTest() : database_(PostgresServer::shared().new_database(database_with_tables())) { open(); }

    ports::JobStore& store() override { return *store_; }
    ports::RemoteJobStore& remote() override { return *store_; }

    void open_again() override {
        store_.reset();
        open();
    }

    std::vector<std::string> row_problems() override {
        std::vector<std::string> problems;
        PostgresSession session(database_->url());
        session.run("SET search_path = darkroom");
        const auto look = [&](const auto& checks) {
            for (const auto& [problem, sql] : checks) {
                const auto found = session.value(sql);
                if (found != "0" && found != "f") problems.emplace_back(problem);
            }
        };
        look(row_checks);
        look(storage_checks);
        return problems;
    }

private:
    void open() {
        store::PostgresJobStore::Options options;
        options.look_every = Milliseconds(60'000);  // tests count what the listener is told
        auto opened = store::PostgresJobStore::open(database_->url(), random_, options);
        DR_CHECK(opened.ok());
        store_ = std::move(opened).value();
    }

    std::unique_ptr<PostgresDatabase> database_;
    darkroom::testing::SeededRandom random_{7};
    std::unique_ptr<store::PostgresJobStore> store_;
};

std::unique_ptr<JobStoreUnderTest> make_postgres() { return std::make_unique<PostgresUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, JobStoreSuite, ::testing::Values(&make_postgres));

}  // namespace
}  // namespace darkroom::conformance
