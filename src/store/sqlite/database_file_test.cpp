// What happens at open: new files, old files, files that are not ours, damaged, newer, or in use.
#include "store/sqlite/database_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "store/sqlite/schema.h"
#include "store/sqlite/test_store.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temp_dir.h"

namespace darkroom::store {
namespace {

using TestFolder = TestFolderOf<darkroom::testing::TempDir, darkroom::testing::SeededRandom>;

namespace fs = std::filesystem;
using ports::StoreErrorKind;
using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// Opening must fail with a sentence that says `what`, and leave the file as it is.
void expect_refused(TestFolder& folder, const std::string& what) {
    const auto before = content_of(folder.path());
    const auto opened = folder.open();
    ASSERT_FALSE(opened.ok()) << what;
    EXPECT_EQ(opened.error().kind, StoreErrorKind::broken);
    EXPECT_THAT(opened.error().detail, HasSubstr(what));
    EXPECT_THAT(opened.error().detail, HasSubstr(folder.path()));
    EXPECT_EQ(content_of(folder.path()), before);
}

/// A store with a few hundred jobs, closed properly: all of it is in the one file.
void fill(TestFolder& folder) {
    auto store = *folder.open();
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(store->create_job(folder.job("ann", 3'000)).ok());
}

TEST(SqliteFile, ANewFileIsWholePrivateAndLeavesNoDraftBehind) {
    TestFolder folder;
    ASSERT_TRUE(folder.open().ok());
    struct stat about {};
    ASSERT_EQ(::stat(folder.path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777u, 0600u);
    EXPECT_FALSE(fs::exists(folder.path(".new")));
    EXPECT_FALSE(fs::exists(folder.path("-wal")));
}

TEST(SqliteFile, ADraftThatWasCutShortIsMadeAgain) {
    TestFolder folder;
    write_file(folder.path(".new"), "half a fi");
    write_file(folder.path(".new-wal"), "rest");
    EXPECT_TRUE(folder.open().ok());
}

TEST(SqliteFile, AFolderThatIsNotThereIsSaidSo) {
    SqliteJobStore::Options options;
    darkroom::testing::SeededRandom random{1};
    const auto opened = SqliteJobStore::open("/nonexistent/darkroom.db", random, options);
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().detail, HasSubstr("/nonexistent/darkroom.db.lock: No such file or directory"));
}

TEST(SqliteFile, AnEmptyFileIsDamageNotANewStore) {
    TestFolder folder;
    write_file(folder.path(), "");
    expect_refused(folder, "is empty");
}

TEST(SqliteFile, AFileThatIsNoDatabaseIsRefused) {
    TestFolder folder;
    write_file(folder.path(), "My shopping list: milk, bread, and a longer text than a header.");
    expect_refused(folder, "is not a Darkroom database");
    write_file(folder.path(), "SQLite");
    expect_refused(folder, "is not a Darkroom database");
    write_file(folder.path(), std::string("SQLite format 3\0", 16) + std::string(5'000, 'x'));
    expect_refused(folder, "is damaged");
}

TEST(SqliteFile, ADatabaseOfAnotherProgramIsRefused) {
    TestFolder folder;
    write_file(folder.path(), "");
    {
        SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
        db.execute("CREATE TABLE bookmarks (url TEXT)");
    }
    expect_refused(folder, "another program");
}

TEST(SqliteFile, ANewerSchemaIsRefusedAndNamed) {
    TestFolder folder;
    fill(folder);
    {
        SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
        db.execute("PRAGMA user_version = " + std::to_string(newest_schema() + 3));
    }
    expect_refused(folder, "newer Darkroom (schema " + std::to_string(newest_schema() + 3));
}

TEST(SqliteFile, AWriteAheadLogWithoutItsDatabaseIsNotThrownAway) {
    TestFolder folder;
    write_file(folder.path("-wal"), "commits");
    const auto opened = folder.open();
    ASSERT_FALSE(opened.ok());
    EXPECT_THAT(opened.error().detail, HasSubstr("is missing"));
    EXPECT_EQ(content_of(folder.path("-wal")), "commits");
    EXPECT_FALSE(fs::exists(folder.path()));
}

TEST(SqliteFile, ATruncatedFileIsRefused) {
    TestFolder folder;
    fill(folder);
    fs::resize_file(folder.path(), fs::file_size(folder.path()) / 2 / 4096 * 4096);
    expect_refused(folder, "damaged");
}

// Pages full of noise at random places: each such copy is refused, or (an unused part was hit) opens with
// every job.
TEST(SqliteFile, DamagedPagesAreFoundAtOpen) {
    TestFolder folder;
    fill(folder);
    const auto whole = content_of(folder.path());
    std::mt19937 dice(20260704);
    int refused = 0;
    for (int copy = 0; copy < 40; ++copy) {
        SCOPED_TRACE(copy);
        auto damaged = whole;
        const auto page = 1 + dice() % (whole.size() / 4096 - 1);
        for (std::size_t i = 0; i < 4096; ++i) damaged[page * 4096 + i] = static_cast<char>(dice());
        write_file(folder.path(), damaged);
        const auto opened = folder.open();
        if (!opened) {
            ++refused;
            EXPECT_THAT(opened.error().detail, HasSubstr(folder.path()));
            EXPECT_EQ(content_of(folder.path()), damaged);
        } else {
            EXPECT_EQ(count_jobs(**opened), 60);
        }
    }
    EXPECT_GT(refused, 30);
}

TEST(SqliteFile, ASecondOpenerIsRefusedWithTheProcessIdOfTheFirst) {
    TestFolder folder;
    {
        const auto first = folder.open();
        const auto second = folder.open();
        ASSERT_FALSE(second.ok());
        EXPECT_EQ(second.error().kind, StoreErrorKind::unavailable);
        EXPECT_THAT(second.error().detail, HasSubstr("in use by process " + std::to_string(::getpid())));
        EXPECT_TRUE((*first)->ping().ok());
    }
    EXPECT_TRUE(folder.open().ok());
}

TEST(SqliteFile, MigratingAgainChangesNothing) {
    TestFolder folder;
    fill(folder);
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    const auto schema = db.integer("SELECT count(*) FROM sqlite_schema");
    migrate(db);
    EXPECT_EQ(db.integer("SELECT count(*) FROM sqlite_schema"), schema);
    EXPECT_EQ(db.integer("PRAGMA user_version"), newest_schema());
    EXPECT_EQ(db.integer("SELECT count(*) FROM jobs"), 60);
}

TEST(SqliteFile, AStepThatFailsHalfWayHasNotHappenedAndRunsAgainLater) {
    TestFolder folder;
    write_file(folder.path(), "");
    SqliteDatabase db(folder.path(), SqliteDatabase::Use::write, "");
    db.execute("CREATE TABLE job_events (in_the_way)");  // made late in the first step
    EXPECT_THROW(migrate(db), SqlFailure);
    EXPECT_EQ(db.integer("SELECT count(*) FROM sqlite_schema"), 1);
    EXPECT_EQ(db.integer("PRAGMA user_version"), 0);
    db.execute("DROP TABLE job_events");
    migrate(db);
    EXPECT_EQ(db.integer("PRAGMA user_version"), newest_schema());
}

TEST(SqliteFile, TheWriterIsDurableAndReadersCannotWrite) {
    TestFolder folder;
    ASSERT_TRUE(folder.open().ok());
    const auto writer = open_for_writing(folder.path(), {});
    EXPECT_EQ((*writer)->integer("PRAGMA synchronous"), 2);  // FULL
    EXPECT_EQ((*writer)->integer("PRAGMA foreign_keys"), 1);
    EXPECT_EQ((*writer)->integer("PRAGMA mmap_size"), 0);
    const auto reader = open_for_reading(folder.path(), {});
    EXPECT_EQ((*reader)->integer("PRAGMA wal_autocheckpoint"), 0);
    EXPECT_THROW((*reader)->run("DELETE FROM pulse"), SqlFailure);
}

}  // namespace
}  // namespace darkroom::store
