// `darkroom db copy`: table by table, by the names of their columns, from a SQLite file into an empty
// Postgres schema. The file is locked meanwhile, as by a gateway, and brought to the newest schema first.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/database.h"
#include "app/database_commands.h"
#include "store/postgres/pg_loader.h"
#include "store/postgres/pg_pooler.h"
#include "store/postgres/pg_schema.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/lock_file.h"

namespace darkroom::app {
namespace {

std::vector<std::string> columns_of_file(store::Database& db, const std::string& table) {
    std::vector<std::string> names;
    auto rows = db.query("SELECT name FROM pragma_table_info(?)", table);
    while (rows.next()) names.push_back(rows.text(0));
    return names;
}

/// Those of the target that the file has too; nothing of the file may stay behind.
Result<std::vector<store::PgColumn>, std::string> common_columns(const std::string& table,
                                                                 const std::vector<std::string>& of_file,
                                                                 std::vector<store::PgColumn> of_target) {
    const auto lacking = std::find_if(of_file.begin(), of_file.end(), [&](const auto& name) {
        return std::none_of(of_target.begin(), of_target.end(),
                            [&](const auto& one) { return one.name == name; });
    });
    if (lacking != of_file.end()) return Fail("the target has no column \"" + table + "." + *lacking + "\"");
    std::erase_if(of_target, [&](const auto& column) {
        return std::find(of_file.begin(), of_file.end(), column.name) == of_file.end();
    });
    return of_target;
}

Result<void, std::string> copy_table(store::Database& file, store::PgLoader& loader,
                                     const std::string& table) {
    const auto of_file = columns_of_file(file, table);
    if (of_file.empty()) return {};  // only nodes need it
    const auto columns = common_columns(table, of_file, loader.columns(table));
    if (!columns) return Fail(columns.error());
    std::string names;
    for (const auto& column : *columns) names += (names.empty() ? "" : ", ") + column.name;
    const auto expected = file.integer("SELECT count(*) FROM " + table);
    auto rows = file.query("SELECT " + names + " FROM " + table);
    const auto copied = loader.load(table, *columns, rows);
    if (!copied) return Fail("table " + table + ": " + copied.error());
    if (*copied != expected)
        return Fail("of table " + table + " " + std::to_string(*copied) + " rows were read instead of " +
                    std::to_string(expected));
    std::printf("%-16s %10lld rows\n", table.c_str(), static_cast<long long>(*copied));
    return {};
}

Result<void, std::string> copy_all(const std::string& from, store::PgLoader& loader) {
    try {
        auto writer = store::open_for_writing(from, {});
        if (!writer) return Fail(writer.error().detail);
        auto& file = **writer;
        file.begin_reading();
        for (const auto& table : loader.tables()) {
            if (auto copied = copy_table(file, loader, table); !copied) return copied;
        }
        file.end_reading();
    } catch (const store::SqlFailure& failure) {
        return Fail(std::string(failure.what()));
    }
    return loader.finish();
}

Result<void, std::string> copy(const Settings& settings, const std::string& from) {
    if (!settings.node.has_postgres()) return Fail("where to? Set DATABASE_URL, or give --to postgres://…");
    std::error_code error;
    if (from.empty()) return Fail("which file? Give it with --from, as in darkroom-data/darkroom.db");
    if (!std::filesystem::is_regular_file(from, error)) return Fail("there is no file \"" + from + "\"");
    auto lock = store::LockFile::take(from + ".lock");
    if (!lock) return Fail(lock.error().detail + "; stop it first");
    const auto target = pg_settings(settings.node);
    if (const auto fit = store::demand_sessions(target); !fit) return Fail(fit.error().detail);
    if (const auto made = store::migrate(target); !made) return Fail(made.error().detail);
    auto loader = store::PgLoader::begin(target, from);
    if (!loader) return Fail(loader.error());
    return copy_all(from, **loader);
}

}  // namespace

int copy_database(const Settings& settings, const std::string& from) {
    if (const auto done = copy(settings, from); !done) {
        std::fprintf(stderr, "darkroom: nothing was copied: %s\n", done.error().c_str());
        return 1;
    }
    std::printf(
        "Copied to %s. Start a gateway with the same DATABASE_URL; set DARKROOM_SIGNING_SECRET to what is "
        "in\n"
        "signing.key beside the file, and links and webhooks that are on their way stay good.\n",
        describe_database(settings.node).c_str());
    return 0;
}

}  // namespace darkroom::app
