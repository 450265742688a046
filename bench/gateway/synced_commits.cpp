#include "bench/gateway/synced_commits.h"

#include <chrono>
#include <string>

#include "base/check.h"
#include "store/sqlite/database_file.h"

namespace darkroom::bench {
namespace {

constexpr std::size_t row_bytes = 400;
constexpr int rows_to_fill_the_log = 40'000;  // 16 MB, where the store starts its log over

}  // namespace

SyncedCommits::SyncedCommits(const std::filesystem::path& folder) {
    auto opened = store::open_for_writing((folder / "yardstick.db").string(), {});
    DR_CHECK(opened.ok());
    db_ = *std::move(opened);
    db_->execute("CREATE TABLE yardstick (id INTEGER PRIMARY KEY, row TEXT NOT NULL) STRICT");
    const std::string row(row_bytes, 'x');
    db_->run("BEGIN IMMEDIATE");
    for (int i = 0; i < rows_to_fill_the_log; ++i) db_->run("INSERT INTO yardstick (row) VALUES (?)", row);
    db_->run("COMMIT");
    rewind_log();
}

double SyncedCommits::per_second(Milliseconds duration) {
    rewind_log();
    const auto begun = std::chrono::steady_clock::now();
    int commits = 0;
    for (; std::chrono::steady_clock::now() < begun + duration; ++commits) commit_one();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    return commits / took.count();
}

void SyncedCommits::commit_one() {
    const std::string row(row_bytes, 'y');
    db_->run("BEGIN IMMEDIATE");
    db_->run("INSERT INTO yardstick (row) VALUES (?)", row);
    db_->run("COMMIT");
}

void SyncedCommits::rewind_log() { db_->execute("PRAGMA wal_checkpoint(RESTART)"); }

}  // namespace darkroom::bench
