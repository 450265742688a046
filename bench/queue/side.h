// The sides that are compared. Each works on a store of its own with a program of its own, which is driven by
// lines (line_child.h), so that nothing is measured in this process.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bench/queue/line_child.h"
#include "bench/queue/redis_server.h"
#include "tests/support/postgres_server.h"

namespace darkroom::bench {

enum class SideId { pg_boss, graphile_worker, bullmq_everysec, bullmq_always, celery, sqlite, postgres };

struct SideFacts {
    SideId id;
    const char* name;
    const char* durability;
    bool synced;  // what was answered survives a power cut
    bool ours;    // Darkroom
    bool needs_postgres;
    bool bulk;   // has a call that creates many jobs
    bool takes;  // what one fetch costs can be asked
};

const std::vector<SideFacts>& all_sides();

/// What every side needs to know of the world.
struct Stage {
    std::filesystem::path folder;        // on the disk that is measured; the whole run's own
    std::filesystem::path peers;         // the scripts
    std::filesystem::path node_modules;  // what they need
    std::filesystem::path program;       // bench_queue
};

/// Why this side cannot be measured here; empty if it can.
std::string why_missing(const Stage& stage, const SideFacts& facts);

/// A Postgres with the settings that every side gets. Throws CannotMeasure where the folder is out of its
/// reach.
std::unique_ptr<testing::PostgresServer> start_postgres(const Stage& stage, const std::string& name,
                                                        bool counts_statements);

class Side {
public:
    /// An empty store and its program, ready. `postgres` may be null for sides that do not need it.
    Side(const Stage& stage, const SideFacts& facts, testing::PostgresServer* postgres,
         const std::string& name);

    const SideFacts& facts() const { return facts_; }
    const std::string& version() const { return version_; }

    boost::json::object ask(const boost::json::object& command,
                            Milliseconds patience = Milliseconds(180'000));
    /// The same, to the process that works where that is another one than the one that sends.
    boost::json::object ask_worker(const boost::json::object& command);

    /// Seconds for so many jobs; `bulk` in one call, or 0: one call each, from 64 callers.
    double enqueue(int jobs, int bulk);
    /// Until nothing waits any more.
    void clear();
    /// Throws if jobs are left: then the figure before was not worth anything.
    void expect_empty();

    /// Keeps what has been removed since from being cleared away for as long as the result lives: a
    /// transaction of somebody who looks at the data. Null for sides without a SQL database.
    std::shared_ptr<void> hold_snapshot() const;
    /// Statistics are fresh and what the fill has dirtied is on the disk, as some minutes later.
    void settle_down();

    /// The program goes, the store stays: its path or URL is for another one.
    void end_client();
    const std::string& where() const { return where_; }

    double client_mib() const;
    /// 0 where there is no server.
    double server_mib() const;

private:
    std::unique_ptr<LineChild> start_child(const Stage& stage) const;

    const SideFacts& facts_;
    std::filesystem::path folder_;
    std::string where_;
    testing::PostgresServer* postgres_;
    std::unique_ptr<RedisServer> redis_;
    std::unique_ptr<testing::PostgresDatabase> database_;
    std::unique_ptr<LineChild> child_;
    std::unique_ptr<LineChild> worker_;  // null: one process does both
    std::string version_;
};

}  // namespace darkroom::bench
