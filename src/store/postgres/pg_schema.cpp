#include "store/postgres/pg_schema.h"

#include "base/log.h"

namespace darkroom::store {

extern const char* const first_postgres_tables;

namespace {

// "Dark" and "room": one lock for all databases' worth of Darkrooms in one database.
constexpr const char* take_lock = "SELECT pg_advisory_lock(1147237995, 1919905645)";
constexpr Milliseconds patience_for_others{120'000};
constexpr Milliseconds patience_for_a_step{600'000};

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

std::string spelled_out(std::string sql) {
    replace_all(sql, "TEXT", "text COLLATE \"C\"");
    replace_all(sql, "WITH (HOT",
                "WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
                " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000,"
                " autovacuum_vacuum_cost_delay = 0");
    return sql;
}

bool exists(PgDatabase& db, const std::string& what) {
    const auto there = db.integer("SELECT to_regclass(?) IS NOT NULL", what) != 0;
    db.finish();
    return there;
}

std::string mark_of_a_copy(PgDatabase& db) {
    std::string from;
    if (!exists(db, db.connection().settings().schema + ".settings")) return from;
    {
        auto rows = db.query("SELECT value FROM settings WHERE name = 'copy_begun'");
        if (rows.next()) from = rows.text(0);
    }
    db.finish();
    return from;
}

bool schema_is_there(PgDatabase& db) {
    const auto there =
        db.integer("SELECT to_regnamespace(?) IS NOT NULL", db.connection().settings().schema) != 0;
    db.finish();
    return there;
}

std::string text_of(PgDatabase& db, std::string_view sql) {
    std::string text;
    {
        auto rows = db.query(sql);
        if (rows.next()) text = rows.text(0);
    }
    db.finish();
    return text;
}

std::string what_is_lacking(PgDatabase& db) {
    const auto& schema = db.connection().settings().schema;
    const bool there = schema_is_there(db);
    const bool may = there ? db.integer("SELECT has_schema_privilege(CAST(? AS text), 'CREATE')", schema) != 0
                           : db.integer("SELECT has_database_privilege(current_database(), 'CREATE')") != 0;
    db.finish();
    if (may) return {};
    const auto role = text_of(db, "SELECT CAST(current_user AS text)");
    if (there)
        return "the role " + role + " may make no tables in the schema " + schema + ": ALTER SCHEMA " +
               schema + " OWNER TO " + role;
    return "the role " + role + " may make no schema in this database: GRANT CREATE ON DATABASE " +
           text_of(db, "SELECT CAST(current_database() AS text)") + " TO " + role + ", or CREATE SCHEMA " +
           schema + " AUTHORIZATION " + role;
}

// Where there is no right to look inside, Postgres tells nothing but that.
void demand_insight(PgDatabase& db) {
    const auto may =
        db.integer("SELECT coalesce(has_schema_privilege(CAST(to_regnamespace(?) AS oid), 'USAGE'), true)",
                   db.connection().settings().schema);
    db.finish();
    if (may == 0) throw SqlFailure(ports::StoreErrorKind::broken, what_is_lacking(db));
}

MigrationStatus status_of(PgDatabase& db, int newest) {
    MigrationStatus status;
    status.newest = newest;
    demand_insight(db);
    if (!exists(db, db.connection().settings().schema + ".migrations")) return status;
    {
        auto rows = db.query("SELECT version, compatible_from FROM migrations ORDER BY version DESC LIMIT 1");
        if (rows.next()) {
            status.found = static_cast<int>(rows.integer(0));
            status.compatible_from = static_cast<int>(rows.integer(1));
        }
    }
    db.finish();
    status.copy_begun = mark_of_a_copy(db);
    return status;
}

void make_room(PgDatabase& db) {
    if (const auto lacking = what_is_lacking(db); !lacking.empty())
        throw SqlFailure(ports::StoreErrorKind::broken, lacking);
    const auto& schema = db.connection().settings().schema;
    if (!schema_is_there(db)) db.execute("CREATE SCHEMA " + schema);
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL"
        " DEFAULT clock_timestamp(), compatible_from bigint NOT NULL)");
}

PgSettings patient(PgSettings settings) {
    settings.application = "darkroom-migrate";
    settings.lock_within = patience_for_others;
    settings.statement_within = patience_for_a_step;
    return settings;
}

void perform(PgDatabase& db, const PgStep& step, int version) {
    log::info("the database's schema is brought up", {{"version", version}});
    db.execute("BEGIN;" + spelled_out(step.sql) +
               ";INSERT INTO migrations (version, compatible_from) VALUES (" + std::to_string(version) +
               ", " + std::to_string(step.compatible_from) + ");COMMIT");
}

}  // namespace

const std::vector<PgStep>& postgres_steps() {
    static const std::vector<PgStep> steps{{first_postgres_tables, 1}};
    return steps;
}

std::string why_not_this_schema(const MigrationStatus& status) {
    if (status.can_work()) {
        if (status.copy_begun.empty()) return {};
        return "a copy of " + status.copy_begun +
               " into this database was begun and has not come to its end, so nothing of it is here: run "
               "'darkroom db copy' again, or take another database or DARKROOM_DATABASE_SCHEMA";
    }
    const auto found = std::to_string(status.found);
    const auto newest = std::to_string(status.newest);
    if (status.needs_up()) {
        return "the database has schema " + found + " and this Darkroom needs " + newest +
               ": run 'darkroom migrate up'";
    }
    return "the database has schema " + found + ", which a Darkroom that knows schema " + newest +
           " cannot work with: start Darkroom in the version that brought the database there, or a newer one";
}

ports::StoreResult<MigrationStatus> migration_status(const PgSettings& settings) {
    try {
        PgDatabase db(settings, PgDatabase::Use::write);
        db.ensure_connected(Milliseconds(0));
        return status_of(db, static_cast<int>(postgres_steps().size()));
    } catch (const SqlFailure& failure) {
        return Fail(failure.error());
    }
}

ports::StoreResult<std::string> what_role_lacks(const PgSettings& settings) {
    try {
        PgDatabase db(settings, PgDatabase::Use::write);
        db.ensure_connected(Milliseconds(0));
        return what_is_lacking(db);
    } catch (const SqlFailure& failure) {
        return Fail(failure.error());
    }
}

ports::StoreResult<MigrationStatus> migrate(const PgSettings& settings) {
    return migrate(settings, postgres_steps());
}

// The lock is the session's, so a process that dies gives it back.
ports::StoreResult<MigrationStatus> migrate(const PgSettings& settings, const std::vector<PgStep>& steps) {
    try {
        PgDatabase db(patient(settings), PgDatabase::Use::write);
        db.ensure_connected(Milliseconds(0));
        const auto newest = static_cast<int>(steps.size());
        auto status = status_of(db, newest);
        if (!status.needs_up()) {
            if (!status.can_work())
                return Fail(
                    ports::StoreError{ports::StoreErrorKind::unavailable, why_not_this_schema(status)});
            return status;
        }
        db.execute(take_lock);
        make_room(db);
        for (int version = status_of(db, newest).found + 1; version <= newest; ++version)
            perform(db, steps[static_cast<std::size_t>(version - 1)], version);
        return status_of(db, newest);
    } catch (const SqlFailure& failure) {
        return Fail(failure.error());
    }
}

}  // namespace darkroom::store
