#include "app/database_commands.h"

#include <cstdio>
#include <filesystem>
#include <map>

#include "app/database.h"
#include "app/start_failure.h"
#include "base/json_writer.h"
#include "store/postgres/membership.h"
#include "store/postgres/pg_pooler.h"
#include "store/postgres/pg_schema.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/lock_file.h"
#include "store/sqlite/schema.h"

namespace darkroom::app {
namespace {

constexpr Milliseconds nodes_patience{5'000};

int complain(const std::string& message) {
    std::fprintf(stderr, "darkroom: %s\n", message.c_str());
    return 1;
}

void say(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::filesystem::path file_of(const Settings& settings) { return settings.data_dir / "darkroom.db"; }

struct SchemaState {
    int found = 0;  // 0 = none
    int newest = 0;
    std::string why_not;  // this Darkroom cannot work with it, and `up` does not help
    bool needs_up() const { return found < newest; }
    bool can_work() const { return !needs_up() && why_not.empty(); }
};

ports::StoreResult<SchemaState> state_of_file(const Settings& settings) {
    SchemaState state;
    state.newest = store::newest_schema();
    std::error_code ignored;
    if (!std::filesystem::exists(file_of(settings), ignored)) return state;
    try {
        store::SqliteDatabase db(file_of(settings).string(), store::SqliteDatabase::Use::read_only, "");
        state.found = static_cast<int>(db.integer("PRAGMA user_version"));
    } catch (const store::SqlFailure& failure) {
        return Fail(failure.error());
    }
    if (state.found > state.newest)
        state.why_not = "the file has schema " + std::to_string(state.found) +
                        ", which is newer than this Darkroom knows: start a newer one";
    return state;
}

ports::StoreResult<SchemaState> state_of(const Settings& settings) {
    if (!settings.node.has_postgres()) return state_of_file(settings);
    const auto pg = pg_settings(settings.node);
    if (const auto fit = store::demand_sessions(pg); !fit) return Fail(fit.error());
    const auto status = store::migration_status(pg);
    if (!status) return Fail(status.error());
    SchemaState state{status->found, status->newest, ""};
    if (!status->needs_up()) state.why_not = store::why_not_this_schema(*status);
    return state;
}

std::string words_for(const SchemaState& state) {
    if (state.found == 0) return "no schema yet; this Darkroom makes schema " + std::to_string(state.newest);
    const auto has = "schema " + std::to_string(state.found);
    if (!state.why_not.empty()) return has + ": " + state.why_not;
    if (state.found == state.newest) return has + ", which is what this Darkroom needs";
    if (state.found > state.newest) return has + ", newer than this Darkroom's and compatible with it";
    return has + "; this Darkroom needs " + std::to_string(state.newest) + ": darkroom migrate up";
}

ports::StoreResult<void> bring_file_up(const Settings& settings) {
    const auto path = file_of(settings).string();
    std::error_code error;
    std::filesystem::create_directories(settings.data_dir, error);
    auto lock = store::LockFile::take(path + ".lock");
    if (!lock) return Fail(lock.error());
    const auto opened = store::open_for_writing(path, {});
    if (!opened) return Fail(opened.error());
    return {};
}

struct Held {
    std::int64_t attempts = 0;
    std::int64_t remote_jobs = 0;
};

std::map<NodeId, Held> held_by_nodes(store::Database& db) {
    std::map<NodeId, Held> held;
    {
        auto rows = db.query("SELECT node, CAST(count(*) AS BIGINT) FROM inflight GROUP BY node");
        while (rows.next()) held[rows.id<NodeId>(0)].attempts = rows.integer(1);
    }
    auto rows = db.query(
        "SELECT node, CAST(count(*) AS BIGINT) FROM remote_jobs WHERE state <> 'ended' GROUP BY node");
    while (rows.next()) held[rows.id<NodeId>(0)].remote_jobs = rows.integer(1);
    return held;
}

std::string nodes_as_json(const std::vector<ports::Node>& nodes, std::map<NodeId, Held>& held) {
    JsonWriter json;
    json.begin_object().key("nodes").begin_array();
    for (const auto& node : nodes) {
        json.begin_object()
            .member("name", node.name)
            .member("id", node.id.str())
            .member("role", node.role)
            .member("version", node.version)
            .member("alive", node.is_alive)
            .member("leads", node.leads)
            .member("started_at", node.started_at)
            .member("seen_at", node.seen_at)
            .member("attempts", held[node.id].attempts)
            .member("remote_jobs", held[node.id].remote_jobs)
            .end_object();
    }
    json.end_array().end_object();
    return json.take();
}

void print_nodes(const std::vector<ports::Node>& nodes, std::map<NodeId, Held>& held) {
    std::printf("%-24s %-10s %-10s %-6s %-5s %8s %8s  %s\n", "NAME", "ROLE", "VERSION", "STATE", "LEADS",
                "ATTEMPTS", "REMOTE", "LAST SEEN");
    for (const auto& node : nodes) {
        std::printf("%-24s %-10s %-10s %-6s %-5s %8lld %8lld  %s\n", node.name.c_str(), node.role.c_str(),
                    node.version.c_str(), node.is_alive ? "alive" : "gone", node.leads ? "yes" : "",
                    static_cast<long long>(held[node.id].attempts),
                    static_cast<long long>(held[node.id].remote_jobs), format_rfc3339(node.seen_at).c_str());
    }
}

}  // namespace

int tell_schema(const Settings& settings) {
    const auto state = state_of(settings);
    if (!state) return complain(state.error().detail);
    say(describe_database(settings.node) + ": " + words_for(*state));
    return 0;
}

int check_schema(const Settings& settings) {
    const auto state = state_of(settings);
    if (!state) return complain(state.error().detail);
    say(describe_database(settings.node) + ": " + words_for(*state));
    return state->can_work() ? 0 : 1;
}

int bring_schema_up(const Settings& settings) {
    if (settings.node.has_postgres()) {
        const auto pg = pg_settings(settings.node);
        if (const auto fit = store::demand_sessions(pg); !fit) return complain(fit.error().detail);
        if (const auto done = store::migrate(pg); !done) return complain(done.error().detail);
    } else if (const auto done = bring_file_up(settings); !done) {
        return complain(done.error().detail);
    }
    return tell_schema(settings);
}

int list_nodes(const Settings& settings, bool as_json) {
    if (!settings.node.has_postgres())
        return complain(
            "nodes share a Postgres database, and DATABASE_URL is not set; without it there is one alone");
    const auto state = state_of(settings);
    if (!state) return complain(state.error().detail);
    if (state->found == 0)
        return complain("no node was ever there: " + describe_database(settings.node) +
                        " has no schema of Darkroom yet");
    if (!state->can_work()) return complain(describe_database(settings.node) + ": " + words_for(*state));
    try {
        store::PgDatabase db(pg_settings(settings.node), store::PgDatabase::Use::read_only);
        db.ensure_connected(nodes_patience);
        db.begin_reading();
        const auto nodes = store::list_nodes(db, NodeId());
        auto held = held_by_nodes(db);
        db.end_reading();
        if (as_json) {
            say(nodes_as_json(nodes, held));
        } else {
            print_nodes(nodes, held);
        }
    } catch (const store::SqlFailure& failure) {
        return complain(failure.what());
    }
    return 0;
}

}  // namespace darkroom::app
