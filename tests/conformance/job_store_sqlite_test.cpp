// The SQLite store passes the suite of all job stores.
#include "base/check.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/sqlite_job_store.h"
#include "tests/conformance/job_store_suite.h"
#include "tests/conformance/row_checks.h"
#include "tests/support/temp_dir.h"

namespace darkroom::conformance {
namespace {

constexpr std::pair<const char*, const char*> storage_checks[] = {
    {"a tally of what uploads keep in the storage that is wrong",
     WRONG_TALLIES("inputs", "SELECT user_id, -(image ->> 'bytes') FROM uploads WHERE image IS NOT NULL")},
    {"a tally of what attempts keep in the storage that is wrong",
     WRONG_TALLIES(
         "outputs",
         "SELECT user_id, -(output.value ->> 'bytes') FROM attempts JOIN jobs ON seq = job_seq CROSS JOIN"
         " json_each(outputs) AS output WHERE outputs_removed_at IS NULL")},
};

class SqliteUnderTest : public JobStoreUnderTest {
public:
    SqliteUnderTest() { open(); }

    ports::JobStore& store() override { return *store_; }
    ports::RemoteJobStore& remote() override { return *store_; }

    void open_again() override {
        store_.reset();
        open();
    }

    std::vector<std::string> row_problems() override {
        std::vector<std::string> problems;
        const auto db = store::open_for_reading(path(), {});
        DR_CHECK(db.ok());
        const auto look = [&](const auto& checks) {
            for (const auto& [problem, sql] : checks) {
                if ((*db)->integer(sql) != 0) problems.emplace_back(problem);
            }
        };
        look(row_checks);
        look(storage_checks);
        return problems;
    }

private:
    void open() {
        auto opened = store::SqliteJobStore::open(path(), random_);
        DR_CHECK(opened.ok());
        store_ = std::move(opened).value();
    }
    std::string path() const { return (folder_.path() / "darkroom.db").string(); }

    darkroom::testing::TempDir folder_;
    darkroom::testing::SeededRandom random_{7};
    std::unique_ptr<store::SqliteJobStore> store_;
};

std::unique_ptr<JobStoreUnderTest> make_sqlite() { return std::make_unique<SqliteUnderTest>(); }

INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreSuite, ::testing::Values(&make_sqlite));

}  // namespace
}  // namespace darkroom::conformance
