#include "app/database_doctor.h"

#include <cstdlib>

#include "app/database.h"
#include "store/postgres/pg_pooler.h"
#include "store/postgres/pg_schema.h"

namespace darkroom::app {
namespace {

using upkeep::Finding;
using Level = Finding::Level;

constexpr Milliseconds database_patience{5'000};
constexpr std::int64_t oldest_server = 150'000;
// The store goes by the database's clock; what people read is this machine's.
constexpr std::int64_t clock_off_s = 60;
// What a transaction keeps from being removed costs claims the more the longer it stays open.
constexpr std::int64_t transaction_old_s = 600;

class DatabaseExamination {
public:
    explicit DatabaseExamination(const NodeSettings& settings)
        : settings_(settings), pg_(pg_settings(settings)) {}

    std::vector<Finding> run() {
        try {
            store::PgDatabase db(pg_, store::PgDatabase::Use::read_only);
            db.ensure_connected(database_patience);
            db.begin_reading();
            look_at_server(db);
            db.end_reading();
        } catch (const store::SqlFailure& failure) {
            add(Level::failed, "database", describe_database(settings_) + ": " + failure.what());
            return std::move(findings_);
        }
        look_at_schema();
        look_at_pooler();
        return std::move(findings_);
    }

private:
    void look_at_server(store::Database& db) {
        const auto version = db.integer("SELECT CAST(current_setting('server_version_num') AS bigint)");
        const auto number = std::to_string(version / 10'000) + "." + std::to_string(version % 10'000);
        add(version < oldest_server ? Level::failed : Level::ok, "database",
            describe_database(settings_) + ", version " + number +
                (version < oldest_server ? ": Darkroom needs 15 or newer" : ""));
        const bool tls =
            db.integer("SELECT count(*) FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl") != 0;
        add(Level::ok, "database TLS",
            tls ? "the connection is encrypted"
                : "the connection is not encrypted; ?sslmode=verify-full in DATABASE_URL asks for it");
        const auto now = db.integer("SELECT CAST(extract(epoch FROM clock_timestamp()) AS bigint)");
        const auto off = now - std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        add(std::abs(off) > clock_off_s ? Level::warning : Level::ok, "database clock",
            std::abs(off) > clock_off_s
                ? "is " + std::to_string(off) + " s off this machine's: let both systems keep the time (NTP)"
                : "agrees with this machine's");
        look_at_sync(db);
        look_at_vacuum(db);
        look_at_transactions(db);
    }

    // Of other roles Postgres tells a role only what it may know.
    void look_at_transactions(store::Database& db) {
        const auto age = db.integer(
            "SELECT CAST(coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) AS bigint)"
            " FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()");
        if (age > transaction_old_s)
            return add(Level::warning, "database transactions",
                       "one is open since " + std::to_string(age) +
                           " s, and keeps dead rows from being removed: look for it in pg_stat_activity");
        const bool sees_all = db.integer("SELECT pg_has_role('pg_read_all_stats', 'USAGE')") != 0;
        add(Level::ok, "database transactions",
            sees_all
                ? "none is old"
                : "none of this role's is old; those of others are seen by a role with pg_read_all_stats");
    }

    // Whether a commit waits for it is no question of the database's settings: Darkroom's connections see to
    // that.
    void look_at_sync(store::Database& db) {
        const bool syncs = db.integer("SELECT CAST(current_setting('fsync') = 'on' AS int)") != 0;
        add(syncs ? Level::ok : Level::failed, "database sync",
            syncs ? "fsync is on: what is committed survives a power cut"
                  : "fsync is off: a power cut may take jobs along, or damage the whole database");
    }

    void look_at_vacuum(store::Database& db) {
        const bool vacuums = db.integer("SELECT CAST(current_setting('autovacuum') = 'on' AS int)") != 0;
        add(vacuums ? Level::ok : Level::failed, "database vacuum",
            vacuums ? "autovacuum is on" : "autovacuum is off: what is dead stays, and claims become dearer");
    }

    void look_at_schema() {
        const auto status = store::migration_status(pg_);
        if (!status) return add(Level::failed, "database schema", status.error().detail);
        if (status->needs_up()) return look_at_rights(*status);
        const auto why_not = store::why_not_this_schema(*status);
        add(why_not.empty() ? Level::ok : Level::failed, "database schema",
            why_not.empty() ? std::to_string(status->found) + ", which this Darkroom can work with"
                            : why_not);
    }

    void look_at_rights(const store::MigrationStatus& status) {
        const auto lacking = store::what_role_lacks(pg_);
        if (!lacking || !lacking->empty())
            return add(Level::failed, "database schema", lacking ? *lacking : lacking.error().detail);
        add(Level::ok, "database schema",
            status.found == 0 ? "none yet; the first start makes it"
                              : std::to_string(status.found) + "; the next start brings it up to " +
                                    std::to_string(status.newest));
    }

    void look_at_pooler() {
        const auto pooling = store::probe_pooler(pg_);
        if (!pooling) return add(Level::warning, "database pooler", pooling.error().detail);
        const bool by_transaction = *pooling == store::Pooling::by_transaction;
        add(by_transaction ? Level::failed : Level::ok, "database pooler",
            by_transaction ? store::why_not_by_transaction() : "a connection keeps its session");
    }

    void add(Level level, std::string about, std::string detail) {
        findings_.push_back({level, std::move(about), std::move(detail)});
    }

    const NodeSettings& settings_;
    const store::PgSettings pg_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_database(const NodeSettings& settings) {
    return DatabaseExamination(settings).run();
}

}  // namespace darkroom::app
