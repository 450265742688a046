#include "bench/store/measure.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"
#include "bench/store/load.h"
#include "store/sql/transitions.h"
#include "store/sqlite/database_file.h"
#include "tests/support/seeded_random.h"

namespace darkroom::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// VmRSS, in MiB.
double resident_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1'024;
    }
    return 0;
}

/// The yardstick: one thread, one small row, one sync for each, on a plain table in the same folder.
double plain_commits_per_second(const std::string& path, int count) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    store::SqliteDatabase db(path, store::SqliteDatabase::Use::write, "");
    db.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (id INTEGER "
        "PRIMARY KEY, x)");
    return count / seconds_of([&] {
               for (int i = 0; i < count; ++i) db.run("INSERT INTO t (x) VALUES (?)", "one small row");
           });
}

struct Queue {
    int length = 0;
    std::string path;
    std::unique_ptr<store::SqliteJobStore> store;
    std::vector<double> with_commit;
    std::vector<double> without_commit;
};

void fill(Queue& queue, ports::Random& random) {
    queue.store = open_store(queue.path, random);
    (void)create_jobs(*queue.store, random, 256, queue.length);
}

// The store is closed for this: a transaction of its own on the same file, rolled back, so that no commit is
// in it and the queue stays as it was. One round first to warm the statements.
void claim_without_commit(Queue& queue, ports::Random& random, int rounds) {
    queue.store.reset();
    const auto db = store::open_for_writing(queue.path, {});
    DR_CHECK(db.ok());
    const ports::ClaimRequest request{
        .backend = "local", .endpoint = "x", .inflight_max = 100, .jobs_max = 100, .now = {}, .remote = {}};
    for (int round = 0; round <= rounds; ++round) {
        store::News news;
        store::Transaction transaction(**db, news, NodeId(), {});
        (*db)->run("BEGIN IMMEDIATE");
        const auto seconds =
            seconds_of([&] { DR_CHECK(store::claim_jobs(transaction, random, request).size() == 100); });
        (*db)->run("ROLLBACK");
        if (round > 0) queue.without_commit.push_back(seconds);
    }
}

void claim_with_commit(Queue& queue, ports::Random& random) {
    queue.with_commit.push_back(claim_jobs(*queue.store, 100));
    finish_claimed(*queue.store);
    (void)create_jobs(*queue.store, random, 100, 100);  // as long as before
}

ClaimRatios print_claims(const std::vector<Queue>& queues) {
    std::printf(
        "\n| claim of 100, jobs queued | with commit, median ms | ratio | without commit, median ms | ratio "
        "|\n");
    std::printf("|---:|---:|---:|---:|---:|\n");
    const auto with = median(queues[0].with_commit);
    const auto without = median(queues[0].without_commit);
    for (const auto& queue : queues) {
        std::printf("| %d | %.2f | %.2f | %.2f | %.2f |\n", queue.length, median(queue.with_commit) * 1e3,
                    median(queue.with_commit) / with, median(queue.without_commit) * 1e3,
                    median(queue.without_commit) / without);
    }
    const auto& longest = queues.back();
    return {median(longest.with_commit) / with, median(longest.without_commit) / without};
}

}  // namespace

void measure_commits(const std::filesystem::path& folder) {
    darkroom::testing::SeededRandom random(1);
    const auto store = open_store((folder / "commits.db").string(), random);
    const std::vector<int> callers{1, 8, 64, 256};
    std::vector<std::vector<double>> rates(callers.size());
    std::vector<double> plain;
    for (int round = 0; round < 5; ++round) {
        plain.push_back(plain_commits_per_second((folder / "plain.db").string(), 300));
        for (std::size_t i = 0; i < callers.size(); ++i) {
            const int count = callers[i] == 1 ? 300 : callers[i] * 150;
            rates[i].push_back(count / create_jobs(*store, random, callers[i], count));
        }
    }
    std::printf("\n| durable creates | median per second | times one row, one sync |\n|---|---:|---:|\n");
    std::printf("| plain SQLite, one row and one sync at a time | %.0f | 1.0 |\n", median(plain));
    for (std::size_t i = 0; i < callers.size(); ++i) {
        std::printf("| store, %d callers | %.0f | %.1f |\n", callers[i], median(rates[i]),
                    median(rates[i]) / median(plain));
    }
}

ClaimRatios measure_claims(const std::filesystem::path& folder, int longest_queue) {
    darkroom::testing::SeededRandom random(2);
    const auto before = resident_mib();
    std::vector<Queue> queues;
    for (const int length : {longest_queue, std::min(100'000, longest_queue / 10), 1'000}) {
        Queue queue{.length = length,
                    .path = (folder / ("queue-" + std::to_string(length) + ".db")).string(),
                    .store = nullptr,
                    .with_commit = {},
                    .without_commit = {}};
        queues.insert(queues.begin(), std::move(queue));
    }
    auto& longest = queues.back();
    fill(longest, random);
    std::printf("\nfilled %d jobs; resident memory %.1f MiB before, %.1f MiB with the store still open\n",
                longest.length, before, resident_mib());
    longest.store.reset();
    std::printf("opening it again took %.0f ms; ",
                1e3 * seconds_of([&] { longest.store = open_store(longest.path, random); }));
    std::printf("count_queue %.1f ms; ",
                1e3 * seconds_of([&] { DR_CHECK(longest.store->count_queue().ok()); }));
    (void)create_jobs(*longest.store, random, 64, 1'000);
    std::printf("resident memory after it and 1,000 more jobs %.1f MiB\n", resident_mib());
    for (std::size_t i = 0; i + 1 < queues.size(); ++i) fill(queues[i], random);
    // A sync takes what the disk likes, so there are many rounds, and each queue is first as often as last.
    for (std::size_t turn = 0; turn < 15 * queues.size(); ++turn) {
        for (std::size_t i = 0; i < queues.size(); ++i)
            claim_with_commit(queues[(turn + i) % queues.size()], random);
    }
    for (auto& queue : queues) queue.store.reset();
    for (int turn = 0; turn < 5; ++turn) {
        for (auto& queue : queues) claim_without_commit(queue, random, 7);
    }
    return print_claims(queues);
}

}  // namespace darkroom::bench
